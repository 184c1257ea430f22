"""Gates that are handed objects with a number and a gradient in them."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

CIRCUIT = """
import math

class Wire:
    def __init__(self, volts, slope):
        self.volts = volts
        self.slope = slope

class Product:
    def forward(self, a, b):
        self.a, self.b = a, b
        self.top = Wire(a.volts * b.volts, 0.0)
        return self.top

    def backward(self):
        self.a.slope += self.RIGHT.volts * self.top.slope
        self.b.slope += self.a.volts * self.top.slope

class Bend:
    def forward(self, a):
        self.a = a
        self.top = Wire(1 / (1 + math.exp(-a.volts)), 0.0)
        return self.top

    def backward(self):
        self.RIGHT.slope += self.top.volts * (1 - self.top.volts) * self.top.slope

class Scaled:
    def __init__(self, factor):
        self.factor = factor

    def forward(self, a):
        self.a = a
        self.top = Wire(self.factor * a.volts, 0.0)
        return self.top

    def backward(self):
        self.a.slope += self.factor * self.top.slope
"""


def judged(tmp_path, name, right):
    """The report of one gate."""
    (tmp_path / "circuit.py").write_text(CIRCUIT.replace("RIGHT", right), encoding="utf-8")
    return function_here(f"{tmp_path / 'circuit.py'}:{name}")


@pytest.mark.parametrize(
    ("name", "right", "verdicts"),
    [
        ("Product", "b", {"a": Verdict.PASS, "b": Verdict.PASS}),
        ("Product", "a", {"a": Verdict.FAIL, "b": Verdict.PASS}),
        ("Bend", "a", {"a": Verdict.PASS}),
        ("Bend", "top", {"a": Verdict.FAIL}),
        ("Scaled", "a", {"a": Verdict.PASS}),
    ],
)
def test_a_gate_puts_its_gradients_into_what_it_was_handed(tmp_path, name, right, verdicts):
    """One number at a time, so that math's functions do."""
    report = judged(tmp_path, name, right)
    assert {key: each.verdict for key, each in report.gradients.items()} == verdicts
