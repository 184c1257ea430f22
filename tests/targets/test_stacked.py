"""Weights that stand in many small arrays."""

import numpy as np
import pytest
from written_layers import IMAGE, recognised

from gradcheck_cli.targets.conventions.base import collect, stacked

KEPT = {
    "a_dict_by_filter_and_channel": (
        "{(o, i): np.random.rand(3, 3) for i in range(n_in) for o in range(n_out)}",
        "self.planes[o, i]",
        "{(o, i): part for (o, i), part in parts}",
    ),
    "lists_of_lists": (
        "[[np.random.rand(3, 3) for i in range(n_in)] for o in range(n_out)]",
        "self.planes[o][i]",
        "[[dict(parts)[o, i] for i in range(self.n_in)] for o in range(self.n_out)]",
    ),
}


@pytest.mark.parametrize("returned", [True, False])
@pytest.mark.parametrize("way", KEPT)
def test_planes_that_are_kept_apart_are_one_kernel(tmp_path, way, returned):
    """One plane for each filter and channel; the gradients stand as the weights do, returned or kept."""
    made, plane, gradients = KEPT[way]
    code = f"""
class Conv:
    def __init__(self, n_in, n_out):
        self.n_in, self.n_out = n_in, n_out
        self.planes = {made}

    def kernel(self):
        return np.array([[{plane} for i in range(self.n_in)] for o in range(self.n_out)])

    def forward(self, x):
        self.x = x
        return correlate(x[None], self.kernel())[0]

    def backward(self, delta):
        whole = weight_gradient(self.x[None], self.kernel(), delta[None])
        parts = [((o, i), whole[o, i]) for o in range(self.n_out) for i in range(self.n_in)]
        below = input_gradient(self.x[None], self.kernel(), delta[None])[0]
        slopes = {gradients}
        {"return below, slopes" if returned else "self.slopes = slopes; return below"}
"""
    assert recognised(tmp_path, code).right(IMAGE) == {"weight", "input"}


UNITS = """
class Unit:
    def __init__(self, n_in, k):
        self.taps, self.bias = np.random.rand(n_in, k, k), 0.0

class Conv:
    def __init__(self, n_in, n_out, k):
        self.units = [Unit(n_in, k) for _ in range(n_out)]

    def forward(self, x):
        self.x = x
        return np.stack([correlate(x[None], unit.taps[None])[0, 0] + unit.bias for unit in self.units])

    def backdrop(self, delta, lr):
        below = np.zeros_like(self.x)
        for f, unit in enumerate(self.units):
            one = delta[None, f : f + 1]
            below += input_gradient(self.x[None], unit.taps[None], one)[0]
            unit.taps {taps}
            unit.bias {bias}
        return below
"""


@pytest.mark.parametrize("stepped", [True, False])
def test_filters_that_are_objects_of_their_own_are_one_kernel(tmp_path, stepped):
    """Each holds its taps and a number as its bias; what is stepped in them is read off as one gradient."""
    step = "-= lr * weight_gradient(self.x[None], unit.taps[None], one)[0]", "-= lr * delta[f].sum()"
    taps, bias = step if stepped else ("-= 0", "-= 0")
    right = {"weight", "input", "bias"} if stepped else {"input"}
    assert recognised(tmp_path, UNITS.format(taps=taps, bias=bias)).right(IMAGE) == right


def test_what_leaves_a_gap_is_no_array():
    """Keys (o, i) without (1, 0), planes of two shapes, an empty dict."""
    plane = np.ones((3, 3))
    assert stacked({(0, 0): plane, (0, 1): plane, (1, 1): plane}) is None
    assert stacked([[plane, np.ones((2, 3))]]) is None
    assert stacked({}) is None
    assert set(collect({(0, 0): plane, (0, 1): plane})) == {"0"}
