"""dE/dF of a layer as one line of mathematics, with what its stride, padding, dilation and groups make of it."""

from __future__ import annotations

from gradcheck_cli.model import ConvSpec, Size


def channel_read(spec: ConvSpec) -> str:
    """The channel of X that filter o reads at its own channel i: "X[i]", "X[o]", "X[2*(o // 3) + i]"."""
    return f"X[{_place('o', 'i', spec.out_channels // spec.groups, spec.in_channels // spec.groups, spec.groups)}]"


def weight_gradient(spec: ConvSpec) -> str:
    """ "dE/dF[o,i] = corr(X[i], G[o])" for this layer; of a transposed one G is read where another reads X."""
    if spec.transposed:
        place = _place("i", "o", spec.in_channels // spec.groups, spec.out_channels // spec.groups, spec.groups)
        left, read, met = "dE/dF[i,o]", f"G[{place}]", "X[i]"
    else:
        left, read, met = "dE/dF[o,i]", channel_read(spec), "G[o]"
    if spec.is_padded:
        read += f" padded by {_padding(spec)}"
    if max(spec.stride) > 1:
        met += f" spread by the stride {_size(spec.own(spec.stride))}"
    taps = f" at steps of the dilation {_size(spec.own(spec.dilation))}" if max(spec.dilation) > 1 else ""
    return f"{left} = corr({read}, {met}){taps}"


def _place(first: str, second: str, firsts: int, seconds: int, groups: int) -> str:
    """Which plane stands at `second` of the group of `first`, counted over all groups."""
    if groups == 1:
        return second
    group = first if firsts == 1 else f"{first} // {firsts}"
    if seconds == 1:
        return group
    return f"{seconds}*{group if firsts == 1 else f'({group})'} + {second}"


def _padding(spec: ConvSpec) -> str:
    """ "1", "1 before and 2 after", "1 (reflect)"."""
    said = _size(spec.own(spec.padding))
    if not spec.is_symmetric:
        said += f" before and {_size(spec.own(spec.padding_after))} after"
    return said if spec.padding_mode == "zeros" else f"{said} ({spec.padding_mode})"


def _size(value: Size) -> str:
    return str(value[0]) if len(set(value)) == 1 else "x".join(map(str, value))
