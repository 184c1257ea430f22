"""Arguments that the code goes through side by side are of one length."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.parameters import zipped

KNEE = """
import math

def knee_loss(truth, pred, delta=1.0):
    total = 0.0
    for t, p in zip(truth, pred):
        a = abs(t - p)
        total += 0.5 * a * a if a <= delta else delta * (a - 0.5 * delta)
    return total / len(truth)

def knee_grad(truth, pred, delta=1.0):
    out = []
    for t, p in zip(truth, pred):
        gap = p - t
        out.append(gap if abs(gap) <= delta else math.copysign(RIGHT, gap))
    return [g / len(truth) for g in out]
"""


@pytest.mark.parametrize(("right", "verdict"), [("delta", Verdict.PASS), ("1.0", Verdict.FAIL)])
def test_lists_side_by_side_are_as_long_as_each_other_and_long_enough_for_every_branch(tmp_path, right, verdict):
    """What is longer is cut off by zip; three entries would all lie on one side of the knee."""
    (tmp_path / "knee.py").write_text(KNEE.replace("RIGHT", right), encoding="utf-8")
    report = function_here(f"{tmp_path / 'knee.py'}:knee_grad")
    assert {name: each.verdict for name, each in report.gradients.items()} == {"pred": verdict}


def test_only_arguments_themselves_stand_side_by_side():
    """Not a part of one, nor the steps of a loop."""
    assert zipped("for a, b in zip(x, y): pass", "y")
    assert not zipped("for a, b in zip(x, y[1:]): pass", "x")
    assert not zipped("for a in zip(x): pass", "x")
