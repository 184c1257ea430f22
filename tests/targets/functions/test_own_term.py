"""Layers that give a term of the loss beside their output: its gradient is added by their backward."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

SHRINKING = """
import numpy as np

class Shrinking:
    def __init__(self, weight=0.3):
        self.weight = weight

    def forward(self, x, rate):
        self.x, self.rate = x, rate
        self.kept = np.exp(-np.exp(rate))
        return x * self.kept, self.weight * (np.sum(x ** 2) + np.sum(np.exp(rate)))

    def backward(self, g):
        dx = g * self.kept + TERM * self.weight * self.x
        drate = -g * self.x * self.kept * OF_RATE + self.weight * np.exp(self.rate)
        return dx, drate
"""


@pytest.mark.parametrize(
    ("term", "of_rate", "wrong"),
    [("2", "np.exp(self.rate)", set()), ("1", "np.exp(self.rate)", {"x"}), ("2", "1", {"rate"})],
)
def test_the_gradient_of_a_term_is_judged_beside_that_of_the_output(tmp_path, term, of_rate, wrong):
    """B(2 G) is not 2 B(G), and no gradient is wrong for that."""
    file = tmp_path / "shrinking.py"
    file.write_text(SHRINKING.replace("TERM", term).replace("OF_RATE", of_rate))
    report = function_here(f"{file}:Shrinking")
    assert {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL} == wrong
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)
    assert not any(each.id == "not-linear" for each in report.findings)
    assert any("a term of the loss beside its output" in note for note in report.notes)


def test_what_is_added_to_twice_is_not_linear(tmp_path):
    """Without a number beside the output, what no G gives is a mistake."""
    file = tmp_path / "shrinking.py"
    text = SHRINKING.replace("TERM", "2").replace("OF_RATE", "np.exp(self.rate)")
    file.write_text(text.replace("self.kept, self.weight * (np.sum(x ** 2) + np.sum(np.exp(rate)))", "self.kept"))
    report = function_here(f"{file}:Shrinking")
    assert "not-linear" in {each.id for each in report.findings}
