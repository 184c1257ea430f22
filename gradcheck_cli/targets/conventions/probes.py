"""Small integer cases on which a convention is tried, and the forward that they are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.layers.bias import bias_counts
from gradcheck_cli.layers.forms import transposed, volume
from gradcheck_cli.model import GIVEN, PADDING_MODES, Array, Case, ConvSpec, PaddingMode, Size
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.line import LineSpec, as_line
from gradcheck_cli.oracles.frames import framed
from gradcheck_cli.targets.conventions.alike import same_whole
from gradcheck_cli.targets.conventions.layout import Layout

PICTURES = (
    ConvSpec(3, 2, 4, 8, 7, (3, 3)),
    ConvSpec(3, 2, 4, 8, 7, (3, 3), padding=(1, 1)),
    ConvSpec(3, 2, 4, 7, 7, (3, 3), stride=(2, 2), padding=(1, 1)),
    ConvSpec(3, 4, 8, 9, 7, (3, 3), groups=4),
    ConvSpec(3, 4, 4, 8, 7, (3, 3), groups=4),
    ConvSpec(3, 4, 4, 8, 7, (3, 3), padding=(1, 1), groups=4),
    ConvSpec(1, 4, 8, 9, 7, (3, 3), groups=4),
    ConvSpec(1, 4, 4, 8, 7, (3, 3), groups=4),
    ConvSpec(1, 2, 4, 8, 8, (3, 3)),
    ConvSpec(1, 2, 4, 8, 8, (3, 3), padding=(1, 1)),
    # Code that cuts an image into whole blocks takes no other.
    ConvSpec(3, 2, 4, 4, 6, (2, 2), stride=(2, 2)),
    ConvSpec(1, 1, 4, 8, 7, (3, 3)),
    ConvSpec(3, 1, 4, 8, 8, (3, 3)),
    ConvSpec(3, 4, 4, 8, 8, (3, 3)),
    ConvSpec(1, 2, 1, 8, 7, (3, 3)),
    ConvSpec(1, 1, 1, 8, 8, (3, 3)),
    ConvSpec(1, 1, 1, 8, 8, (3, 3), padding=(1, 1)),
    # Behind one of them: there a mean over the batch is right, and shows to be one when it is judged.
    ConvSpec(3, 1, 1, 8, 7, (3, 3)),
    ConvSpec(3, 1, 1, 8, 7, (3, 3), padding=(1, 1)),
    ConvSpec(2, 3, 6, 12, 12, (5, 5)),
    ConvSpec(1, 1, 4, 28, 28, (3, 3)),
)
# With one axis no size is the number of samples, channels or filters either, nor of the taps or the outputs.
LINES = (
    LineSpec(3, 2, 4, 1, 9, (1, 5)),
    LineSpec(3, 2, 4, 1, 9, (1, 5), padding=(0, 2)),
    LineSpec(3, 2, 4, 1, 10, (1, 5), stride=(1, 2), padding=(0, 1)),
    LineSpec(3, 2, 4, 1, 9, (1, 3), padding=(0, 2), extra_after=(0, -2)),
    LineSpec(3, 4, 8, 1, 9, (1, 5), groups=4),
    LineSpec(3, 4, 4, 1, 9, (1, 5), groups=4),
    LineSpec(3, 4, 4, 1, 9, (1, 3), padding=(0, 2), extra_after=(0, -2), groups=4),
    LineSpec(3, 4, 4, 1, 9, (1, 3), padding=(0, 1), groups=4),
    LineSpec(1, 1, 1, 1, 9, (1, 5)),
    LineSpec(1, 1, 1, 1, 9, (1, 3), padding=(0, 1)),
    LineSpec(1, 2, 4, 1, 9, (1, 5)),
    LineSpec(1, 2, 4, 1, 9, (1, 3), padding=(0, 2), extra_after=(0, -2)),
    LineSpec(1, 2, 4, 1, 9, (1, 3), padding=(0, 1)),
    LineSpec(1, 4, 4, 1, 9, (1, 5), groups=4),
    LineSpec(1, 1, 4, 1, 9, (1, 5)),
    LineSpec(3, 1, 1, 1, 9, (1, 5)),
    LineSpec(1, 2, 1, 1, 9, (1, 5)),
)
# With three axes a plain loop costs the product of all of them.
VOLUMES = (
    volume((3, 2, 4), (5, 6, 4), (3, 3, 3)),
    volume((3, 2, 4), (4, 5, 6), (3, 3, 3), padding=(1, 1, 1)),
    volume((3, 2, 4), (5, 5, 5), (3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1)),
    volume((3, 2, 4), (4, 6, 5), (2, 3, 2)),
    volume((3, 4, 4), (4, 6, 5), (3, 3, 3), groups=4),
    volume((3, 4, 4), (4, 6, 5), (3, 3, 3), padding=(1, 1, 1), groups=4),
    volume((1, 2, 4), (4, 6, 5), (3, 3, 3)),
    volume((1, 2, 4), (4, 6, 5), (3, 3, 3), padding=(1, 1, 1)),
    volume((1, 1, 4), (4, 6, 5), (3, 3, 3)),
    volume((3, 1, 1), (4, 6, 5), (3, 3, 3)),
    volume((1, 2, 1), (4, 6, 5), (3, 3, 3)),
    volume((1, 1, 1), (4, 6, 5), (3, 3, 3)),
    volume((3, 2, 4), (5, 5, 5), (3, 3, 3)),
)
# For code that means one tap alone, which reads no other, or refuses a kernel that has more.
POINTWISE = (
    ConvSpec(3, 2, 4, 5, 6, (1, 1)),
    ConvSpec(3, 2, 4, 7, 6, (1, 1), stride=(2, 2)),
    ConvSpec(1, 2, 4, 5, 6, (1, 1)),
    ConvSpec(3, 1, 4, 5, 6, (1, 1)),
    ConvSpec(3, 2, 1, 5, 6, (1, 1)),
    ConvSpec(1, 1, 1, 5, 6, (1, 1)),
    ConvSpec(3, 2, 4, 6, 6, (1, 1)),
)
POINTWISE_LINES = tuple(LineSpec(spec.batch, spec.in_channels, spec.out_channels, 1, 9, (1, 1)) for spec in POINTWISE)
POINTWISE_VOLUMES = (volume((3, 2, 4), (4, 6, 5), (1, 1, 1)), volume((1, 2, 4), (4, 6, 5), (1, 1, 1)))
# The first has a stride. None keeps the size at stride 1: there a convolution is one with a turned kernel, too.
TRANSPOSED = (
    transposed((3, 2, 4), (5, 6), (3, 3), stride=(2, 2)),
    transposed((3, 2, 4), (5, 6), (3, 3), stride=(2, 2), padding=(1, 1)),
    transposed((3, 2, 4), (5, 6), (3, 3)),
    transposed((3, 2, 4), (5, 6), (2, 2), stride=(2, 2)),
    transposed((3, 2, 4), (5, 6), (4, 4), stride=(2, 2), padding=(1, 1)),
    transposed((3, 2, 4), (5, 6), (3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1)),
    transposed((3, 4, 6), (5, 6), (3, 3), stride=(2, 2), groups=2),
    transposed((1, 2, 4), (5, 6), (3, 3), stride=(2, 2)),
    transposed((1, 2, 4), (5, 6), (3, 3)),
    transposed((1, 2, 4), (5, 6), (2, 2), stride=(2, 2)),
    transposed((1, 1, 4), (5, 6), (3, 3), stride=(2, 2)),
    transposed((3, 1, 1), (5, 6), (3, 3), stride=(2, 2)),
    transposed((1, 1, 1), (5, 6), (3, 3), stride=(2, 2)),
    transposed((1, 1, 1), (5, 6), (3, 3)),
)
TRANSPOSED_LINES = tuple(map(as_line, TRANSPOSED))
TRANSPOSED_VOLUMES = (
    transposed((3, 2, 4), (2, 3, 4), (3, 3, 3), stride=(2, 2, 2)),
    transposed((3, 2, 4), (2, 3, 4), (3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1)),
    transposed((3, 2, 4), (2, 3, 4), (2, 2, 2), stride=(2, 2, 2)),
    transposed((3, 2, 4), (2, 3, 4), (3, 3, 3)),
    transposed((1, 2, 4), (2, 3, 4), (3, 3, 3), stride=(2, 2, 2)),
    transposed((1, 1, 1), (2, 3, 4), (3, 3, 3), stride=(2, 2, 2)),
)


def padded_with(mode: PaddingMode, specs: Sequence[ConvSpec]) -> tuple[ConvSpec, ...]:
    """Those that are padded, with a padding that repeats something; without one there is nothing to repeat."""
    found = []
    for spec in specs:
        with suppress(GeometryError):
            found += [replace(spec, padding_mode=mode)] if spec.is_padded else []
    return tuple(found)


def of_mode(mode: PaddingMode, plain: Sequence[ConvSpec]) -> tuple[ConvSpec, ...]:
    """Geometries to try code on that pads in this way."""
    more = [spec for one in plain[:1] for spec in _padded_more(one)]
    return padded_with(mode, [*more, *plain])


def _padded_more(spec: ConvSpec) -> Iterator[ConvSpec]:
    """By two, which tells what is repeated from its neighbours; with one image, one channel and one filter too."""
    margin = tuple(min(2, side - 1) for side in spec.input_size)
    for changes in ({}, {"batch": 1}, {"in_channels": 1, "out_channels": 1}, {**_ONE}):
        yield replace(spec, padding=margin, **changes)


_ONE: dict[str, Any] = {"batch": 1, "in_channels": 1, "out_channels": 1}
# Every geometry on which a target may be tried.
PROBES = (
    *PICTURES,
    *LINES,
    *VOLUMES,
    *TRANSPOSED,
    *TRANSPOSED_LINES,
    *TRANSPOSED_VOLUMES,
    *(spec for mode in PADDING_MODES[1:] for plain in (PICTURES, LINES, VOLUMES) for spec in of_mode(mode, plain)),
    *POINTWISE,
    *POINTWISE_LINES,
    *POINTWISE_VOLUMES,
)


def integer_case(spec: ConvSpec, seed: int = 0) -> Case:
    """X, F, b and G of small integers as float64; every gradient of them is exact in any order of summation."""
    draw = np.random.default_rng(seed)
    return Case(spec, *(draw.integers(-4, 5, tensor.shape(spec)).astype(np.float64) for tensor in GIVEN.values()))


def padded(case: Case) -> Array:
    """X with its padding around it, (n, c_in, *padded_size); of a transposed layer X as it is."""
    return case.x if case.spec.transposed else framed(case.x, case.spec)


def forward(case: Case) -> Array:
    """O, (n, c_out, h_out, w_out)."""
    return conv.forward(case)


def lift(case: Case) -> float:
    """What lifts every output of the case above zero."""
    lowest = float(forward(case).min())
    return float(max(0.0, np.ceil(-lowest)) + 1.0)


def is_forward(output: Array | None, case: Case) -> bool:
    """Whether an output in our layout is O, with the bias, without it, or with the bias in every term of its sums."""
    if output is None or output.shape != case.grad_output.shape:
        return False
    expected, spec = forward(case), case.spec
    bias = case.bias.reshape(-1, *[1] * (expected.ndim - 2))
    more = set() if spec.transposed else set(bias_counts(spec).values())
    return any(same_whole(output, expected + (times - 1) * bias) for times in (1, 0, *sorted(more - {0, 1})))


def gives_forward(output: Array | None, layout: Layout, case: Case) -> bool:
    """The same of an output in the target's own layout."""
    shape, groups = case.spec.output_shape, case.spec.groups
    if output is None or output.shape != layout.shape("output", shape, groups):
        return False
    return is_forward(layout.take("output", output, shape, groups), case)


def transposed_size(spec: ConvSpec) -> Size:
    """The output's size of a transposed convolution of the same x, on each axis: (h - 1) s + d (k - 1) + 1 - 2p."""
    sizes = zip(spec.input_size, spec.stride, spec.extent, spec.padded_size, strict=True)
    return tuple((size - 1) * step + extent - (room - size) for size, step, extent, room in sizes)
