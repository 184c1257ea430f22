"""Random geometries and integer data for Hypothesis."""

import numpy as np
from hypothesis import strategies as st

from gradcheck_cli.model import ConvSpec


@st.composite
def specs(draw):
    """Random small geometries: all of them valid, most of them irregular."""
    groups = draw(st.integers(1, 3))
    kernel, dilation = (draw(st.tuples(st.integers(1, 3), st.integers(1, 3))) for _ in range(2))
    padding, stride = draw(st.tuples(st.integers(0, 3), st.integers(0, 3))), draw(st.tuples(*[st.integers(1, 4)] * 2))
    extra = draw(st.tuples(*(st.integers(-before, 2) for before in padding)))
    least = [max(1, d * (k - 1) + 1 - 2 * p - e) for k, d, p, e in zip(kernel, dilation, padding, extra, strict=True)]
    height, width = (low + draw(st.integers(0, 6)) for low in least)
    sizes = (draw(st.integers(1, 3)), groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 3)), height, width)
    return ConvSpec(*sizes, kernel, stride, padding, dilation, groups, extra)


def integers(spec, seed):
    """X, F and G as small integers in float64."""
    rng = np.random.default_rng(seed)
    shapes = (spec.x_shape, spec.weight_shape, spec.output_shape)
    return tuple(rng.integers(-9, 10, shape).astype(np.float64) for shape in shapes)
