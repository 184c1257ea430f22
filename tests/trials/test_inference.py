"""What is wrong only once a layer is trained."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

NORM = """
import numpy as np

class Norm:
    def __init__(self, num_features):
        self.scale, self.shift = np.ones((1, num_features)), np.zeros((1, num_features))
        self.running_std = np.full((1, num_features), 2.0)

    def forward(self, Z, SWITCH):
        spread = self.running_std if TRAINED else Z.std(axis=0, keepdims=True)
        mean = 0.0 if TRAINED else Z.mean(axis=0, keepdims=True)
        self.spread, self.z = spread, (Z - mean) / spread
        return self.scale * self.z + self.shift

    def backward(self, grad):
        self.dscale, self.dshift = (grad * self.z).sum(0, keepdims=True), grad.sum(0, keepdims=True)
        d = TIMES grad * self.scale
        return (d - d.mean(0, keepdims=True) - self.z * (d * self.z).mean(0, keepdims=True)) / self.spread
"""


@pytest.mark.parametrize(
    ("switch", "trained", "said"),
    [("eval=False", "eval", "eval=True"), ("training=True", "not training", "training=False")],
)
def test_a_backward_of_training_is_judged_in_training(tmp_path, switch, trained, said):
    """Beside a trained layer it is another function's derivative, and nobody calls it there; that is said."""
    file = tmp_path / "norm.py"
    file.write_text(NORM.replace("SWITCH", switch).replace("TRAINED", trained).replace("TIMES", ""))
    report = function_here(f"{file}:Norm")
    assert report.verdict is Verdict.PASS
    assert f"grad_Z is that of training: with {said} it is not the derivative" in report.notes


def test_what_is_wrong_in_training_too_fails_and_strictly_all_does(tmp_path):
    """And a layer that begins trained is judged as it begins."""
    file = tmp_path / "norm.py"
    wrong = NORM.replace("SWITCH", "eval=False").replace("TRAINED", "eval").replace("TIMES", "2 *")
    file.write_text(wrong)
    assert function_here(f"{file}:Norm").gradients["Z"].verdict is Verdict.FAIL
    file.write_text(wrong.replace("2 *", ""))
    assert function_here(f"{file}:Norm", strict=True).gradients["Z"].verdict is Verdict.FAIL
    file.write_text(wrong.replace("2 *", "").replace("eval=False", "eval=True"))
    assert function_here(f"{file}:Norm").gradients["Z"].verdict is Verdict.FAIL
