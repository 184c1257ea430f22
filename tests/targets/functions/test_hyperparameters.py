"""Numbers that a constructor is given, where a gradient is returned of them; and numbers that only measure the data."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

# A mean of squares under a bump of some width and height, with a floor.
FITTED = """
import numpy as np


class Bumps:
    def __init__(self, width=1.0, height: float = 2.0, floor=0.25):
        self.width, self.height, self.floor = float(width), float(height), float(floor)
        if min(self.width, self.height) <= 0:
            raise ValueError("above 0, please")
        self.spread_scale = 1.0

    def standardised(self, rows):
        self.spread_scale = float(np.std(rows))
        return rows / self.spread_scale

    def _bumps(self, rows):
        return np.exp(-((rows / self.width) ** 2)).sum(axis=1)

    def fit_loss(self, rows, target):
        return float(0.5 * np.mean((self.height * self._bumps(rows) + self.floor - target / self.spread_scale) ** 2))

    def fit_loss_gradient(self, rows, target):
        return self._parts(rows, target / self.spread_scale)

    def _parts(self, rows, target):
        bumps = self._bumps(rows)
        rest = (self.height * bumps + self.floor - target) / len(rows)
        steep = (2 * rows**2 / self.width**2 * np.exp(-((rows / self.width) ** 2))).sum(axis=1)
        return {
            "log_width": float(np.sum(rest * self.height * steep)) WIDTH,
            "log_height": float(np.sum(rest * bumps)) HEIGHT,
            "floor": float(rest.sum()) FLOOR,
        }
"""
RIGHT = {"WIDTH": "", "HEIGHT": "* self.height", "FLOOR": ""}


@pytest.mark.parametrize(
    ("place", "wrong", "name"),
    [("", "", ""), ("WIDTH", "/ self.width", "width"), ("HEIGHT", "", "height"), ("FLOOR", "* 2", "floor")],
)
def test_the_slopes_of_a_loss_by_the_numbers_of_its_object_are_judged(tmp_path, place, wrong, name):
    """By the logarithm of a number too, as its key says; what was measured of the data is no such number."""
    text = FITTED
    for key, said in {**RIGHT, place: wrong}.items():
        text = text.replace(key, said) if key else text
    file = tmp_path / "bumps.py"
    file.write_text(text)

    report = function_here(f"{file}:Bumps.fit_loss_gradient")

    assert {"width", "height", "floor"} == set(report.gradients)
    assert {name} - {""} == {key for key, result in report.gradients.items() if result.verdict is Verdict.FAIL}
    assert report.verdict is (Verdict.FAIL if name else Verdict.PASS)


MEASURED = """
import numpy as np


class Scaled:
    def __init__(self, n_in, n_out):
        self.W = np.random.default_rng(0).standard_normal((n_in, n_out))
        self.x_scale = 1.0
        self.shift = 0.0

    def calibrate(self, x):
        self.x_scale = max(float(np.std(x)), 1e-6)

    def forward(self, x):
        self.x = x / self.x_scale
        return self.x @ self.W + self.shift

    def backward(self, grad_out, lr=0.1):
        self.dW = self.x.T @ grad_out
        self.moved = grad_out.sum()
        self.shift -= lr * grad_out.sum()
        return grad_out @ self.W.T / self.x_scale
"""


def test_what_is_measured_of_the_data_is_not_learnt_and_what_moves_is(tmp_path):
    """Both are numbers that a method sets, and both are called as what is learnt."""
    file = tmp_path / "scaled.py"
    file.write_text(MEASURED)

    report = function_here(f"{file}:Scaled")

    assert set(report.gradients) == {"x", "W", "shift"}
    assert all(report.gradients[name].verdict is Verdict.PASS for name in ("x", "W"))
