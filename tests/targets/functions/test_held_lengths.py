"""What an object holds: lengths that a constructor writes out, averages that a forward moves on."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

NET = """
import numpy as np

class Little:
    def __init__(self):
        self.first = np.random.randn(3, 4)
        self.second = np.random.randn(4, 2)

    def squash(self, z):
        return 1 / (1 + np.exp(-z))

    def feedforward(self, x):
        self.x = x
        self.hidden = self.squash(x @ self.first)
        self.out = self.squash(self.hidden @ self.second)
        return self.out

    def backprop(self, y, rate=0.1):
        up = (self.out - y) * self.out * (1 - self.out)
        back = up @ self.second.T * SLOPE
        self.second -= rate * self.hidden.T @ up
        self.first -= rate * self.x.T @ back
"""


@pytest.mark.parametrize(("slope", "wrong"), [("self.hidden * (1 - self.hidden)", set()), ("self.hidden", {"first"})])
def test_data_have_a_length_of_what_is_held(tmp_path, slope, wrong):
    """The backward is handed what the output is compared with; its loss is that whose slopes its gradients are."""
    file = tmp_path / "little.py"
    file.write_text(NET.replace("SLOPE", slope))

    report = function_here(f"{file}:Little")

    assert {"first", "second"} == report.gradients.keys()
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}


NORM = """
import numpy as np

class Norm:
    def __init__(self, n, keep=0.9):
        self.gain, self.shift = np.ones((1, n)), np.zeros((1, n))
        self.am, self.av = np.zeros((1, n)), np.ones((1, n))
        self.keep = keep

    def forward(self, x, training=True):
        m, v = self.am, self.av
        if training:
            m, v = x.mean(axis=0, keepdims=True), x.var(axis=0, keepdims=True)
            self.am = self.keep * self.am + (1 - self.keep) * m
            self.av = self.keep * self.av + (1 - self.keep) * v
        self.std = np.sqrt(v + 1e-8)
        self.xn = (x - m) / self.std
        return self.gain * self.xn + self.shift

    def backward(self, up):
        self.dgain = (up * self.xn).sum(axis=0, keepdims=True)
        self.dshift = up.sum(axis=0, keepdims=True)
        g = up * self.gain
        return (g - g.mean(axis=0) - self.xn * (g * self.xn).mean(axis=0)) / self.std
"""


def test_what_a_forward_moves_on_is_no_parameter(tmp_path):
    """Under any name: an average over all batches has no gradient."""
    file = tmp_path / "norm.py"
    file.write_text(NORM)

    report = function_here(f"{file}:Norm")

    assert {"x": Verdict.PASS, "gain": Verdict.PASS, "shift": Verdict.PASS} == {
        name: result.verdict for name, result in report.gradients.items()
    }
