"""Losses that draw from a generator of their file, and backwards that give their loss by themselves."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

# A linear code with noise on it: its backward goes forward by itself.
NOISY = """
import SOURCE

draw = MAKE


def code_forward(params, rows):
    W_in, b_in, W_out = params
    code = rows @ W_in + b_in
    noise = np.array([[DRAWN for _ in row] for row in code])
    return code, noise, (code + noise) @ W_out


def code_backward(params, rows):
    W_in, b_in, W_out = params
    code, noise, again = code_forward(params, rows)
    rest = (again - rows) / rows.size
    loss = 0.5 * np.sum((again - rows) ** 2) / rows.size
    dcode = rest @ W_out.T
    grads = [rows.T @ dcode, dcode.sum(axis=0), KEPT.T @ rest]
    return loss, grads
"""


@pytest.mark.parametrize(
    ("make", "drawn"),
    [
        ("np.random.default_rng()", "draw.standard_normal()"),
        ("np.random.RandomState(5)", "draw.randn()"),
        ("random.Random(5)", "draw.gauss(0, 1)"),
    ],
)
@pytest.mark.parametrize(("kept", "wrong"), [("(code + noise)", set()), ("code", {"W_out"})])
def test_the_noise_of_its_file_is_the_same_in_every_call(tmp_path, make, drawn, kept, wrong):
    """Its weights are taken apart in the backward, which gives the loss beside their gradients."""
    text = NOISY.replace("SOURCE", "random\nimport numpy as np").replace("MAKE", make).replace("DRAWN", drawn)
    file = tmp_path / "noisy.py"
    file.write_text(text.replace("KEPT", kept))

    report = function_here(f"{file}:code_backward")

    assert (report.convention, set(report.gradients)) == ("loss", {"W_in", "b_in", "W_out"})
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
    assert report.verdict is (Verdict.FAIL if wrong else Verdict.PASS)


# An object that draws a mask from a generator of its own, which nobody seeded.
DROPPING = """
import random
import numpy as np


class Dropping:
    def __init__(self, share=0.4, seed=None):
        self.share = share
        self.draw = MAKE

    def forward(self, x):
        drawn = np.reshape([DRAWN for _ in range(x.size)], x.shape)
        self.kept = (drawn > self.share) * 1.0
        return x * self.kept / (1 - self.share)

    def backward(self, g):
        return g * self.kept SHARE
"""


@pytest.mark.parametrize(
    ("make", "drawn"),
    [
        ("np.random.RandomState(seed)", "self.draw.rand()"),
        ("np.random.RandomState(seed=seed)", "self.draw.rand()"),
        ("random.Random()", "self.draw.random()"),
    ],
)
@pytest.mark.parametrize(("share", "cause"), [("/ (1 - self.share)", ""), ("", "derivative-missing")])
def test_a_generator_that_nobody_seeded_draws_the_same_mask(tmp_path, make, drawn, share, cause):
    """It failed as not repeatable, right or wrong; the division by what is left is what a wrong one lacks."""
    file = tmp_path / "dropping.py"
    file.write_text(DROPPING.replace("MAKE", make).replace("DRAWN", drawn).replace("SHARE", share))

    report = function_here(f"{file}:Dropping")

    assert {each.id for each in report.findings} == ({cause} if cause else set())
    assert report.verdict is (Verdict.FAIL if cause else Verdict.PASS)
