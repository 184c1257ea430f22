"""Forces, Jacobians and scores: derivatives that are handed no G, of functions and of what an object was made with."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

PHYSICS = """
from dataclasses import dataclass

import numpy as np

@dataclass
class Lens:
    f: float
    cx: float

class Rope:
    def __init__(self, stiffness: float = 2.0, rest: float = 0.7):
        self.stiffness, self.rest = stiffness, rest

    def energy(self, q):
        a, b, c, d = q
        return 0.5 * self.stiffness * (np.sqrt((a - c) ** 2 + (b - d) ** 2) - self.rest) ** 2

    def force(self, q):
        a, b, c, d = q
        apart = np.array([a - c, b - d, c - a, RIGHT * (d - b)])
        length = np.sqrt((a - c) ** 2 + (b - d) ** 2)
        return SIGN * self.stiffness * (length - self.rest) * apart / length

class Sheet:
    def __init__(self, k=1.5):
        self.k = k

    def residual(self, q):
        a, b, c = q
        return np.array([a * b - self.k, b * c ** 2])

    def jacobian(self, q):
        a, b, c = q
        return np.array([[b, a, 0.0], [0.0, c ** 2, RIGHT * 2 * b * c]])

def seen(lens: Lens, point):
    x, y, z = np.asarray(point)
    return np.array([lens.f * x / z + lens.cx, lens.f * y / z])

def seen_jacobian(lens: Lens, point):
    x, y, z = np.asarray(point)
    return np.array([[lens.f / z, 0, -lens.f * x / z ** 2], [0, lens.f / z, -RIGHT * lens.f * y / z ** 2]])

def log_density(x, mu):
    return -0.5 * np.sum((x - mu) ** 2) - np.sum(np.cos(x))

def score(x, mu):
    return mu - x + RIGHT * np.sin(x)

def total_error(w, b, x, t):
    return np.sum((w * x + b - t) ** 2)

def grad_w(w, b, x, t):
    return np.sum(RIGHT * 2 * (w * x + b - t) * x)

def grad_b(w, b, x, t):
    return np.sum(RIGHT * 2 * (w * x + b - t))
"""


def judged(tmp_path, name, right="1", sign="-1"):
    """The report of one target."""
    code = PHYSICS.replace("RIGHT", right).replace("SIGN", sign)
    (tmp_path / "physics.py").write_text(code, encoding="utf-8")
    return function_here(f"{tmp_path / 'physics.py'}:{name}")


@pytest.mark.parametrize(("right", "verdict"), [("1", Verdict.PASS), ("3", Verdict.FAIL)])
@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("Rope.force", "q"),
        ("Sheet.jacobian", "q"),
        ("seen_jacobian", "point"),
        ("score", "x"),
        ("grad_w", "w"),
        ("grad_b", "b"),
    ],
)
def test_a_derivative_is_that_by_the_argument_that_it_is_meant_of(tmp_path, name, argument, right, verdict):
    """A vector of as many entries as the code takes apart; a weight that is one number beside data."""
    report = judged(tmp_path, name, right)
    assert {key: each.verdict for key, each in report.gradients.items()} == {argument: verdict}


@pytest.mark.parametrize(("sign", "said"), [("-1", "the negative of the slope"), ("1", "the slope itself here")])
def test_a_force_has_either_sign_and_the_report_says_which(tmp_path, sign, said):
    """No file says which is meant."""
    report = judged(tmp_path, "Rope.force", sign=sign)
    assert report.verdict is Verdict.PASS
    assert said in report.why
