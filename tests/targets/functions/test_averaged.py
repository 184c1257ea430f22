"""Layers whose samples are columns and whose backward holds the 1/m of the cost."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

LAYER = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_out, n_in)
        self.b = np.zeros((n_out, 1))

    def forward(self, a):
        self.a = a
        return self.W @ a + self.b

    def backward(self, dz, rate=0.1):
        dW = dz @ self.a.T / self.a.shape[1]
        db = dz.HOW(axis=1, keepdims=True)
        da = self.W.T @ dz
        self.W -= rate * dW
        self.b -= rate * db
        return da
"""


@pytest.mark.parametrize(("how", "wrong"), [("mean", set()), ("sum", {"b"})])
def test_the_gradients_of_a_layer_of_columns_may_all_be_of_the_mean(tmp_path, how, wrong):
    """One that is of the sum beside others of the mean is wrong."""
    file = tmp_path / "linear.py"
    file.write_text(LAYER.replace("HOW", how))

    report = function_here(f"{file}:Linear")

    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
    assert "those of their mean" in report.why
