"""Weights in one dict and their gradients in another, under the same keys."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

# What the layer keeps of its forward is called as its weights are: q is a weight, and the rows that it gives.
LAYER = """
import numpy as np

class Product:
    def __init__(self, width, rng=np.random.default_rng(0)):
        self.held = {name: rng.normal(size=(width, width)) for name in "qk"}
        self.found = {}

    def forward(self, x):
        self.x = x
        self.q, self.k = x @ self.held["q"], x @ self.held["k"]
        return self.q * self.k

    def backward(self, up):
        self.found["q"] = self.x.T @ (up * self.k)
        self.found["k"] = self.x.T @ (up * OTHER)
        return (up * self.k) @ self.held["q"].T + (up * self.q) @ self.held["k"].T
"""


@pytest.mark.parametrize(("other", "wrong"), [("self.q", set()), ("self.k", {"k"})])
def test_the_second_dict_holds_the_gradients_of_the_first(tmp_path, other, wrong):
    """Not what is called as a weight and was left by the forward."""
    file = tmp_path / "product.py"
    file.write_text(LAYER.replace("OTHER", other))

    report = function_here(f"{file}:Product")

    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
    assert {"q", "k", "x"} - wrong <= {
        name for name, result in report.gradients.items() if result.verdict is Verdict.PASS
    }
