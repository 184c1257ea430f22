"""Small integer cases on which a convention is tried, and the forward that they are compared with."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import GIVEN, Array, Case, ConvSpec, Size
from gradcheck_cli.model.line import LineSpec
from gradcheck_cli.targets.conventions.layout import Layout

PICTURES = (
    ConvSpec(3, 2, 4, 8, 7, (3, 3)),
    ConvSpec(3, 2, 4, 8, 7, (3, 3), padding=(1, 1)),
    ConvSpec(3, 2, 4, 7, 7, (3, 3), stride=(2, 2), padding=(1, 1)),
    ConvSpec(3, 4, 8, 9, 7, (3, 3), groups=4),
    ConvSpec(3, 4, 4, 8, 7, (3, 3), groups=4),
    ConvSpec(1, 4, 8, 9, 7, (3, 3), groups=4),
    ConvSpec(1, 4, 4, 8, 7, (3, 3), groups=4),
    ConvSpec(1, 2, 4, 8, 8, (3, 3)),
    ConvSpec(1, 2, 4, 8, 8, (3, 3), padding=(1, 1)),
    ConvSpec(1, 1, 4, 8, 7, (3, 3)),
    ConvSpec(3, 1, 4, 8, 8, (3, 3)),
    ConvSpec(3, 4, 4, 8, 8, (3, 3)),
    ConvSpec(1, 2, 1, 8, 7, (3, 3)),
    ConvSpec(1, 1, 1, 8, 8, (3, 3)),
    ConvSpec(1, 1, 1, 8, 8, (3, 3), padding=(1, 1)),
    ConvSpec(2, 3, 6, 12, 12, (5, 5)),
    ConvSpec(1, 1, 4, 28, 28, (3, 3)),
)
# With one axis no size is the number of samples, channels or filters either, nor of the taps or the outputs.
LINES = (
    LineSpec(3, 2, 4, 1, 9, (1, 5)),
    LineSpec(1, 1, 1, 1, 9, (1, 5)),
    LineSpec(3, 2, 4, 1, 9, (1, 5), padding=(0, 2)),
    LineSpec(3, 2, 4, 1, 10, (1, 5), stride=(1, 2), padding=(0, 1)),
    LineSpec(3, 2, 4, 1, 9, (1, 3), padding=(0, 2), extra_after=(0, -2)),
    LineSpec(3, 4, 8, 1, 9, (1, 5), groups=4),
    LineSpec(3, 4, 4, 1, 9, (1, 5), groups=4),
    LineSpec(3, 4, 4, 1, 9, (1, 3), padding=(0, 2), extra_after=(0, -2), groups=4),
    LineSpec(3, 4, 4, 1, 9, (1, 3), padding=(0, 1), groups=4),
    LineSpec(1, 2, 4, 1, 9, (1, 5)),
    LineSpec(1, 2, 4, 1, 9, (1, 3), padding=(0, 2), extra_after=(0, -2)),
    LineSpec(1, 2, 4, 1, 9, (1, 3), padding=(0, 1)),
    LineSpec(1, 4, 4, 1, 9, (1, 5), groups=4),
    LineSpec(1, 1, 4, 1, 9, (1, 5)),
    LineSpec(3, 1, 1, 1, 9, (1, 5)),
    LineSpec(1, 2, 1, 1, 9, (1, 5)),
    LineSpec(1, 1, 1, 1, 9, (1, 3), padding=(0, 1)),
)
PROBES = (*PICTURES, *LINES)


def integer_case(spec: ConvSpec, seed: int = 0) -> Case:
    """X, F, b and G of small integers as float64; every gradient of them is exact in any order of summation."""
    draw = np.random.default_rng(seed)
    return Case(spec, *(draw.integers(-4, 5, tensor.shape(spec)).astype(np.float64) for tensor in GIVEN.values()))


def padded(case: Case) -> Array:
    """X with its zeros around it, (n, c_in, *padded_size)."""
    return conv.pad(case.x, case.spec)


def forward(case: Case) -> Array:
    """O, (n, c_out, h_out, w_out)."""
    return conv.forward(case)


def lift(case: Case) -> float:
    """What lifts every output of the case above zero."""
    lowest = float(forward(case).min())
    return float(max(0.0, np.ceil(-lowest)) + 1.0)


def is_forward(output: Array | None, case: Case) -> bool:
    """Whether an output in our layout is O, with or without the bias."""
    if output is None or output.shape != case.grad_output.shape:
        return False
    expected = forward(case)
    biases = (0.0, case.bias[:, None, None])
    return any(np.allclose(output, expected - bias, rtol=1e-5, atol=1e-3) for bias in biases)


def gives_forward(output: Array | None, layout: Layout, case: Case) -> bool:
    """The same of an output in the target's own layout."""
    shape, groups = case.spec.output_shape, case.spec.groups
    if output is None or output.shape != layout.shape("output", shape, groups):
        return False
    return is_forward(layout.take("output", output, shape, groups), case)


def transposed_size(spec: ConvSpec) -> Size:
    """(rows, columns) of the output of a transposed convolution of the same x: (h - 1) s + d (k - 1) + 1 - 2p."""
    sizes = zip(spec.input_size, spec.stride, spec.extent, spec.padded_size, strict=True)
    rows, columns = ((size - 1) * step + extent - (room - size) for size, step, extent, room in sizes)
    return rows, columns
