"""The geometries on which layers of other forms are tried: transposed ones, with three axes, with other paddings.

Those with one axis are those of pictures without their rows, see `geometries.of_lines`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gradcheck_cli.layers import geometries
from gradcheck_cli.model import ConvSpec, PaddingMode, Size
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.line import as_line
from gradcheck_cli.model.spec import ConvName

Channels = tuple[int, int, int]
"""(n, c_in, c_out)"""


def volume(counts: Channels, size: Size, kernel: Size, **steps: Any) -> ConvSpec:
    """A 3-D convolution; `size` and all else from the depth to the width."""
    return _of(counts, size, kernel, "conv3d", steps)


def transposed(counts: Channels, size: Size, kernel: Size, **steps: Any) -> ConvSpec:
    """A transposed layer with as many axes as its input has."""
    return _of(counts, size, kernel, f"conv_transpose{len(size)}d", steps)


def _of(counts: Channels, size: Size, kernel: Size, conv: str, steps: dict[str, Any]) -> ConvSpec:
    depth, height, width = (1, *size)[-3:]
    usual = {"stride": 1, "padding": 0, "dilation": 1, "extra_after": 0, "output_padding": 0}
    sizes: dict[str, Any] = {name: steps.get(name, (value,) * len(size)) for name, value in usual.items()}
    sizes |= {"depth": depth, "conv": conv, "groups": steps.get("groups", 1)}
    batch, channels, filters = counts
    return ConvSpec(batch, channels, filters, height, width, kernel, **sizes)


# As in the list of pictures, numbers differ from one another wherever the place's purpose allows it.
VOLUMES: tuple[ConvSpec, ...] = (
    volume((2, 3, 4), (4, 6, 5), (3, 3, 3), padding=(1, 1, 1)),
    volume((2, 3, 4), (5, 4, 6), (3, 3, 3)),
    volume((3, 2, 4), (5, 7, 6), (3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1)),
    volume((2, 2, 3), (4, 6, 5), (2, 2, 2), stride=(2, 2, 2)),
    volume((2, 3, 4), (3, 5, 4), (1, 1, 1)),
    volume((2, 2, 3), (4, 5, 6), (2, 3, 2)),
    volume((2, 2, 3), (5, 4, 6), (3, 1, 2), padding=(1, 0, 1)),
    volume((2, 2, 3), (6, 5, 7), (2, 2, 3), stride=(1, 2, 3)),
    volume((2, 2, 3), (5, 6, 7), (2, 2, 2), dilation=(2, 2, 2)),
    volume((2, 2, 3), (7, 6, 5), (3, 2, 2), dilation=(2, 1, 3), padding=(2, 1, 1)),
    volume((2, 4, 6), (3, 5, 4), (2, 2, 2), padding=(1, 1, 1), groups=2),
    volume((2, 3, 3), (4, 5, 3), (3, 3, 3), padding=(1, 1, 1), groups=3),
    volume((1, 2, 3), (4, 6, 5), (3, 3, 3), padding=(1, 1, 1)),
    volume((1, 3, 2), (4, 5, 6), (2, 2, 2)),
    volume((1, 1, 1), (4, 3, 5), (3, 3, 3)),
    volume((3, 1, 1), (4, 5, 3), (2, 2, 2)),
    volume((2, 3, 1), (4, 3, 5), (2, 2, 2), padding=(1, 1, 1)),
    volume((2, 1, 3), (4, 5, 3), (2, 2, 2), stride=(2, 2, 2)),
    volume((2, 3, 3), (4, 4, 4), (3, 3, 3), padding=(1, 1, 1)),
    volume((2, 2, 3), (6, 7, 5), (3, 3, 3), stride=(2, 2, 2)),
    volume((1, 2, 2), (6, 7, 8), (3, 3, 3), stride=(3, 3, 3), padding=(1, 1, 1)),
    volume((2, 2, 3), (4, 5, 6), (3, 3, 3), padding=(2, 2, 2)),
    volume((1, 2, 3), (5, 6, 7), (5, 5, 5), padding=(2, 2, 2)),
    volume((2, 2, 3), (4, 4, 4), (2, 2, 2)),
    volume((2, 3, 2), (5, 5, 5), (3, 3, 3), stride=(2, 2, 2)),
)
TRANSPOSED: tuple[ConvSpec, ...] = (
    transposed((2, 3, 4), (4, 5), (3, 3), stride=(2, 2), padding=(1, 1)),
    transposed((2, 3, 4), (5, 4), (3, 3), stride=(2, 2)),
    transposed((3, 2, 5), (4, 3), (2, 2), stride=(2, 2)),
    transposed((3, 2, 4), (3, 5), (4, 4), stride=(2, 2), padding=(1, 1)),
    transposed((2, 3, 4), (5, 6), (3, 3), padding=(1, 1)),
    transposed((2, 3, 5), (4, 6), (3, 3)),
    transposed((2, 3, 4), (3, 4), (3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1)),
    transposed((3, 2, 4), (4, 3), (3, 3), stride=(3, 3), output_padding=(2, 2)),
    transposed((2, 3, 4), (3, 5), (5, 5), stride=(3, 3), padding=(2, 2), output_padding=(1, 1)),
    transposed((2, 3, 4), (4, 5), (1, 1)),
    transposed((2, 3, 4), (4, 3), (2, 2), stride=(3, 3)),
    transposed((2, 3, 4), (4, 3), (1, 1), stride=(2, 2)),
    transposed((3, 2, 4), (3, 4), (5, 5), stride=(2, 2), padding=(2, 2)),
    transposed((2, 3, 4), (5, 4), (4, 4), stride=(1, 1), padding=(2, 2)),
    transposed((2, 3, 4), (4, 5), (2, 3), stride=(2, 2)),
    transposed((2, 3, 4), (5, 3), (3, 2), stride=(2, 3), padding=(1, 0)),
    transposed((2, 3, 4), (3, 4), (3, 3), stride=(2, 1), padding=(1, 2), output_padding=(1, 0)),
    transposed((2, 3, 4), (4, 3), (3, 3), dilation=(2, 2)),
    transposed((2, 3, 4), (3, 4), (3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2)),
    transposed((2, 4, 6), (4, 3), (3, 3), stride=(2, 2), padding=(1, 1), groups=2),
    transposed((2, 3, 3), (3, 4), (2, 2), stride=(2, 2), groups=3),
    transposed((2, 4, 4), (4, 3), (4, 4), stride=(2, 2), padding=(1, 1)),
    transposed((2, 3, 3), (4, 4), (3, 3), padding=(1, 1)),
    transposed((2, 3, 3), (4, 4), (3, 3), stride=(2, 2), padding=(1, 1)),
    transposed((1, 2, 3), (4, 5), (3, 3), stride=(2, 2), padding=(1, 1)),
    transposed((1, 2, 3), (4, 3), (2, 2), stride=(2, 2)),
    transposed((1, 3, 2), (4, 5), (3, 3)),
    transposed((1, 2, 3), (5, 4), (3, 3), padding=(1, 1)),
    transposed((1, 1, 1), (4, 3), (3, 3)),
    transposed((1, 1, 1), (4, 3), (3, 3), stride=(2, 2)),
    transposed((3, 1, 1), (4, 5), (3, 3), stride=(2, 2)),
    transposed((2, 3, 1), (3, 4), (3, 3), stride=(2, 2)),
    transposed((2, 1, 3), (3, 4), (3, 3), stride=(2, 2)),
    # Cut by more on one side than on the other, as code that makes stride*n of n must where kernel - stride is odd.
    transposed((2, 3, 4), (4, 3), (3, 3), stride=(2, 2), extra_after=(1, 1)),
    transposed((2, 3, 4), (3, 4), (5, 5), stride=(2, 2), padding=(1, 1), extra_after=(1, 1)),
    transposed((2, 3, 4), (3, 5), (3, 3), stride=(2, 2), padding=(1, 1), extra_after=(-1, -1)),
    transposed((2, 2, 3), (4, 3), (4, 3), stride=(1, 2), padding=(1, 0), extra_after=(1, 1)),
    transposed((9, 1, 1), (3, 2), (2, 2), stride=(2, 2)),
    transposed((1, 9, 1), (2, 3), (2, 2), stride=(2, 2)),
    transposed((1, 1, 9), (3, 2), (2, 2), stride=(2, 2)),
)
TRANSPOSED_VOLUMES: tuple[ConvSpec, ...] = (
    transposed((2, 3, 4), (2, 4, 3), (3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1)),
    transposed((2, 3, 4), (3, 2, 4), (2, 2, 2), stride=(2, 2, 2)),
    transposed((2, 3, 4), (2, 3, 4), (3, 3, 3)),
    transposed((2, 2, 3), (2, 4, 3), (3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1), output_padding=(1, 1, 1)),
    transposed((2, 3, 4), (3, 4, 2), (1, 1, 1)),
    transposed((2, 2, 3), (2, 3, 4), (2, 3, 2), stride=(2, 1, 3), padding=(0, 1, 0)),
    transposed((2, 2, 3), (3, 2, 4), (2, 2, 2), dilation=(2, 2, 2)),
    transposed((2, 4, 6), (2, 3, 2), (2, 2, 2), stride=(2, 2, 2), groups=2),
    transposed((1, 2, 3), (2, 3, 4), (3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1)),
    transposed((1, 2, 3), (3, 2, 4), (3, 3, 3), padding=(1, 1, 1)),
    transposed((1, 1, 1), (2, 3, 4), (3, 3, 3), stride=(2, 2, 2)),
    transposed((2, 3, 3), (2, 3, 4), (2, 2, 2), stride=(2, 2, 2)),
)
# Margins as wide as they may be, where what is repeated is repeated once more or nearly so; sides that differ.
_WIDE: tuple[dict[str, Any], ...] = (
    {"padding": (2, 2), "kernel_size": (3, 3)},
    {"padding": (1, 2), "kernel_size": (3, 3)},
    {"padding": (3, 2), "kernel_size": (3, 3), "stride": (2, 2)},
    {"padding": (2, 2), "kernel_size": (5, 5)},
    {"padding": (2, 2), "kernel_size": (3, 3), "dilation": (2, 2)},
    {"padding": (3, 3), "kernel_size": (2, 2)},
)


def of_layer(conv: ConvName, modes: Sequence[PaddingMode], specs: Iterable[ConvSpec]) -> Iterator[ConvSpec]:
    """What a target is asked that is the backward of this layer, each once.

    Args:
        conv: of the layer.
        modes: what its padding may repeat.
        specs: what a convolution of pictures among zeros would be asked.
    """
    found = dict.fromkeys(_among_zeros(conv, specs))
    for mode in modes:
        if mode == "zeros":
            yield from found
        else:
            yield from dict.fromkeys(_repeating(mode, [*found]))


def _among_zeros(conv: ConvName, specs: Iterable[ConvSpec]) -> Iterable[ConvSpec]:
    if conv == "conv1d":
        return geometries.of_lines(specs)
    others = {
        "conv3d": VOLUMES,
        "conv_transpose1d": tuple(map(as_line, TRANSPOSED)),
        "conv_transpose2d": TRANSPOSED,
        "conv_transpose3d": TRANSPOSED_VOLUMES,
    }
    return others.get(conv, specs)


def _repeating(mode: PaddingMode, specs: Sequence[ConvSpec]) -> Iterator[ConvSpec]:
    """Those of the geometries that are padded, and wider margins."""
    wide = [made for spec in specs[:3] for made in _wider(spec)]
    for spec in (*wide, *specs):
        with suppress(GeometryError):
            if spec.is_padded:
                yield replace(spec, padding_mode=mode)


def _wider(spec: ConvSpec) -> Iterator[ConvSpec]:
    """Of volumes there are none: their list has margins of two."""
    for changes in _WIDE:
        with suppress(GeometryError):
            yield replace(spec, **changes)
