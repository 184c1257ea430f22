"""Sizes, geometries and numbers as the sentences of a mistake write them."""

from __future__ import annotations

from gradcheck_cli.model import ConvSpec, Size
from gradcheck_cli.model.line import without_rows
from gradcheck_cli.model.text import counted


def sizes(spec: ConvSpec) -> dict[str, object]:
    """The sizes of a geometry under the letters that the texts use, for `Mistake.numbers`."""
    return {
        "N": spec.batch,
        "C": spec.in_channels,
        "K": spec.out_channels,
        "channels": counted(spec.in_channels, "channel"),
        "filters": counted(spec.out_channels, "filter"),
        "H": spec.height,
        "W": spec.width,
        "kernel": "x".join(map(str, spec.own(spec.kernel_size))),
        "P": spec.output_size[-2],
        "Q": spec.output_size[-1],
        "stride": pair(spec.own(spec.stride)),
        "padding": padding_words(spec),
        "dilation": pair(spec.own(spec.dilation)),
        "groups": spec.groups,
        "remainder": pair(spec.own(spec.remainder)),
    }


def padding_words(spec: ConvSpec) -> str:
    """ "1", "(1, 0)", or "0 before and (1, 0) after" where the sides differ."""
    before = pair(spec.own(spec.padding))
    return before if spec.is_symmetric else f"{before} before and {pair(spec.own(spec.padding_after))} after"


def pair(size: Size) -> str:
    """(2, 2) -> "2"; (2, 1) -> "(2, 1)"."""
    return str(size[0]) if len(set(size)) == 1 else f"({', '.join(map(str, size))})"


def describe(spec: ConvSpec) -> str:
    """A geometry in a few words: only what differs from the simplest."""
    shapes = (without_rows(shape, spec) for shape in (spec.x_shape, spec.weight_shape))
    text = "x {}, weight {}, ".format(*shapes)
    text += f"stride {pair(spec.own(spec.stride))}, padding {padding_words(spec)}"
    if max(spec.dilation) > 1:
        text += f", dilation {pair(spec.own(spec.dilation))}"
    if any(spec.output_padding):
        text += f", output padding {pair(spec.own(spec.output_padding))}"
    if spec.padding_mode != "zeros":
        text += f" ({spec.padding_mode})"
    return text + (f", groups {spec.groups}" if spec.groups > 1 else "")


def number(value: float, digits: int = 6) -> str:
    """A number as a person writes it: integers without a point."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else f"{value:.{digits}g}"


def in_place_of(actual: float, expected: float) -> str:
    """ "3 where 4 is right", with as many digits as it takes to tell two different numbers apart."""
    for digits in range(6, 18):
        pair = number(actual, digits), number(expected, digits)
        if pair[0] != pair[1]:
            break
    return f"{pair[0]} where {pair[1]} is right"
