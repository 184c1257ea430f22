"""Random convolutions for the tests of `conv`: geometries of every kind, and integers to fill them with."""

from types import SimpleNamespace

import numpy as np
from hypothesis import strategies as st

from gradcheck_cli.layers.conv import definition
from gradcheck_cli.model import Axis, Case, ConvSpec, Geometry, TransposedAxis

# The definition, asked as the fast ways are: with a `ConvSpec`.
by_definition = SimpleNamespace(
    grad_weight=lambda x, grad_output, spec: definition.grad_weight(x, grad_output, spec.geometry),
    grad_input=lambda weight, grad_output, spec: definition.grad_input(weight, grad_output, spec.geometry),
)


def _sizes(smallest, largest):
    return st.tuples(st.integers(smallest, largest), st.integers(smallest, largest))


@st.composite
def specs(draw):
    """Small geometries: any stride, padding (wider than the kernel, another on each side), dilation, groups, batch."""
    kernel, dilation, padding = draw(_sizes(1, 4)), draw(_sizes(1, 3)), draw(_sizes(0, 5))
    extra = draw(st.tuples(*(st.integers(-before, 3) for before in padding)))
    smallest = [
        max(1, d * (k - 1) + 1 - 2 * p - e) for k, d, p, e in zip(kernel, dilation, padding, extra, strict=True)
    ]
    groups = draw(st.integers(1, 3))
    return ConvSpec(
        batch=draw(st.integers(1, 3)),
        in_channels=groups * draw(st.integers(1, 3)),
        out_channels=groups * draw(st.integers(1, 3)),
        height=smallest[0] + draw(st.integers(0, 5)),
        width=smallest[1] + draw(st.integers(0, 5)),
        kernel_size=kernel,
        stride=draw(_sizes(1, 4)),
        padding=padding,
        dilation=dilation,
        groups=groups,
        extra_after=extra,
    )


@st.composite
def axes(draw, modes=("zeros", "reflect", "replicate", "circular")):
    """One small axis, its padding another on each side and as wide as its mode allows."""
    size, taps, dilation = draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    mode = draw(st.sampled_from(modes))
    most = {"reflect": size - 1, "circular": size}.get(mode, 4)
    before, after = draw(st.integers(0, most)), draw(st.integers(0, most))
    short = max(0, dilation * (taps - 1) + 1 - size - before - after)
    return Axis(size + short, taps, draw(st.integers(1, 3)), dilation, before, after, mode)


@st.composite
def transposed_axes(draw):
    """One small axis of a transposed layer, with every output padding that it may have."""
    stride, dilation, taps = (draw(st.integers(1, 3)) for _ in range(3))
    more = draw(st.integers(0, max(stride, dilation) - 1))
    before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    missing = before + after + 1 - more - dilation * (taps - 1) - 1
    size = draw(st.integers(1, 4)) + max(0, -(-missing // stride))
    return TransposedAxis(size, taps, stride, dilation, before, after, more)


@st.composite
def geometries(draw, of, most=3):
    """Small layers of one to three axes from `of`, with groups; transposed ones where it gives such axes."""
    drawn = draw(st.lists(of, min_size=1, max_size=most))
    groups = draw(st.integers(1, 2))
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 3))
    transposed = isinstance(drawn[0], TransposedAxis)
    chosen = tuple(axis.mirrored if transposed else axis for axis in drawn)
    return Geometry(draw(st.integers(1, 2)), channels, filters, chosen, groups, transposed)


def numbers(layer, seed=0):
    """X, F, b and G of any geometry as small integers, int64."""
    rng = np.random.default_rng(seed)
    shapes = (layer.x_shape, layer.weight_shape, (layer.filters,), layer.output_shape)
    return tuple(rng.integers(-9, 10, shape) for shape in shapes)


def integer_case(spec, dtype=np.float64, seed=0, largest=9):
    """A case of integers between -largest and largest, so that sums are exact in any order."""
    rng = np.random.default_rng(seed)

    def draw(shape):
        return rng.integers(-largest, largest + 1, shape).astype(dtype)

    return Case(
        spec=spec,
        x=draw(spec.x_shape),
        weight=draw(spec.weight_shape),
        bias=draw((spec.out_channels,)),
        grad_output=draw(spec.output_shape),
    )
