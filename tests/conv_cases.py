"""Random convolutions for the tests of `conv`: geometries of every kind, and integers to fill them with."""

import numpy as np
from hypothesis import strategies as st

from gradcheck_cli.model import Case, ConvSpec


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
