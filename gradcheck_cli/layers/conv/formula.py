"""dE/dF of a layer as one line of mathematics, with what its stride, padding, dilation and groups make of it."""

from __future__ import annotations

from gradcheck_cli.model import ConvSpec, Size


def channel_read(spec: ConvSpec) -> str:
    """The channel of X that filter o reads at its own channel i: "X[i]", "X[o]", "X[2*(o // 3) + i]"."""
    channels, filters = spec.weight_shape[1], spec.out_channels // spec.groups
    if spec.groups == 1:
        return "X[i]"
    group = "o" if filters == 1 else f"o // {filters}"
    if channels == 1:
        return f"X[{group}]"
    return f"X[{channels}*{group if filters == 1 else f'({group})'} + i]"


def weight_gradient(spec: ConvSpec) -> str:
    """ "dE/dF[o,i] = corr(X[i], G[o])" for this layer."""
    x, g = channel_read(spec), "G[o]"
    if spec.is_padded:
        after = "" if spec.is_symmetric else f" before and {_size(spec.padding_after)} after"
        x += f" padded by {_size(spec.padding)}{after}"
    if spec.stride != (1, 1):
        g += f" spread by the stride {_size(spec.stride)}"
    taps = "" if spec.dilation == (1, 1) else f" at steps of the dilation {_size(spec.dilation)}"
    return f"dE/dF[o,i] = corr({x}, {g}){taps}"


def _size(value: Size) -> str:
    return str(value[0]) if value[0] == value[1] else f"{value[0]}x{value[1]}"
