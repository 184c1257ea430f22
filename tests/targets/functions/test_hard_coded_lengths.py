"""Networks whose constructors write their lengths out."""

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
