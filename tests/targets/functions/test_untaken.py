"""Sides of branches that usual numbers do not take: they are looked for in the text, and asked where they are found."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

LOSSES = """
import numpy as np

def pull_and_push(u, v, alike, reach=0.8):
    gap = u - v
    far = np.sqrt(np.sum(gap * gap, axis=-1) + 1e-10)
    short = np.maximum(reach - far, 0.0)
    value = np.sum(alike * far ** 2 + (1 - alike) * short ** 2)
    slope = 2 * alike - 2 * (1 - alike) * short / PUSH
    du = slope[:, None] * gap
    return value, du, -du

def capped_power(z):
    squares = (z ** 2).sum(axis=1)
    return np.where(squares < 0.01, LEVEL * squares, squares ** 2 / 0.01)

def capped_power_grad(z, g):
    squares = (z ** 2).sum(axis=1)[:, None]
    return g[:, None] * np.where(squares < 0.01, 2 * z, 4 * z * squares / 0.01)
"""


@pytest.fixture
def judged(tmp_path):
    """The report of one function of the file with these words in it."""

    def of(name, **words):
        text = LOSSES
        for word, now in {"PUSH": "far", "LEVEL": "1", **words}.items():
            text = text.replace(word, now)
        (tmp_path / "losses.py").write_text(text)
        return function_here(f"{tmp_path}/losses.py:{name}")

    return of


@pytest.mark.parametrize(("push", "verdict"), [("far", Verdict.PASS), ("1", Verdict.FAIL)])
def test_rows_that_lie_near_each_other_reach_a_margin(judged, push, verdict):
    """Rows of normal numbers lie farther apart than any usual margin."""
    report = judged("pull_and_push", PUSH=push)
    assert report.verdict is verdict
    assert any("v is near u" in each.text for each in report.samples)


@pytest.mark.parametrize(("level", "verdict"), [("1", Verdict.PASS), ("3", Verdict.FAIL)])
def test_a_comparison_is_asked_on_its_other_side(judged, level, verdict):
    """Sums of squares of normal numbers are seldom below a hundredth."""
    assert judged("capped_power_grad", LEVEL=level).verdict is verdict
