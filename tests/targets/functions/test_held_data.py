"""Objects that hold their data, and functions that reshape theirs by numbers of their file."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

HELD = """
import numpy as np


class Votes:
    def __init__(self, X, y, shrink=0.1):
        self.X, self.y, self.shrink = X, y, shrink

    def loss(self, w):
        return np.mean(np.log1p(np.exp(-self.y * (self.X @ w)))) + self.shrink / 2 * w @ w

    def gradient(self, w):
        share = 1 / (1 + np.exp(self.y * (self.X @ w)))
        return -self.X.T @ (share * self.y) / len(self.y) + self.shrink * w
"""
HEADS = """
import numpy as np

n_heads, width = 2, 8


def apart(x):
    return x.reshape(x.shape[0], -1, n_heads, width // n_heads).transpose(0, 2, 1, 3)


def together(x):
    return x.transpose(0, 2, 1, 3).reshape(x.shape[0], -1, width)


def turn_heads_forward(x, Wq):
    heads = np.tanh(apart(x @ Wq))
    return together(heads), (x, Wq, heads)


def turn_heads_backward(dout, cache):
    x, Wq, heads = cache
    bent = together(apart(dout) * (1 - heads ** 2))
    return bent @ Wq.T, np.einsum("btd,bte->de", x, bent)
"""


@pytest.fixture
def judged(tmp_path):
    """From a text and a target's name to its report."""

    def judge(text, name):
        file = tmp_path / "layers.py"
        file.write_text(text)
        return function_here(f"{file}:{name}")

    return judge


def test_data_that_a_constructor_keeps_owe_no_gradient(judged):
    """They are drawn, and the loss is judged by the weights alone."""
    report = judged(HELD, "Votes")
    assert report.verdict is Verdict.PASS
    assert set(report.gradients) == {"w"}


def test_a_mean_that_is_lost_over_held_data_fails(judged):
    """By the number of their rows."""
    report = judged(HELD.replace(" / len(self.y)", ""), "Votes")
    assert report.verdict is Verdict.FAIL


def test_rows_are_as_long_as_the_file_says(judged):
    """Heads are taken apart by numbers that stand beside the functions."""
    report = judged(HEADS, "turn_heads_backward")
    assert report.verdict is Verdict.PASS
    assert "x 3x4x8, Wq 8x8" in report.inputs


def test_a_wrong_slope_between_heads_fails(judged):
    """The square is missing."""
    report = judged(HEADS.replace("heads ** 2", "heads"), "turn_heads_backward")
    assert report.verdict is Verdict.FAIL
