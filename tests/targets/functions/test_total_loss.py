"""A loss for each sample, whose gradient is that of their total."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

HINGE = """
import numpy as np

def hinge_loss(X, y, weights, bias):
    return np.maximum(0, 1 - y * (X @ weights + bias))

def hinge_loss_gradient(X, y, weights, bias):
    inside = 1.0 * (y * (X @ weights + bias) < 1)
    dw = -(inside * y)[:, None] * X
    db = -inside * y
    return dw.REDUCED(axis=0), db.REDUCED()
"""


@pytest.mark.parametrize(("reduced", "said"), [("sum", "the sum of its losses"), ("mean", "the mean of its losses")])
def test_a_gradient_without_g_is_that_of_the_total_of_its_losses(tmp_path, reduced, said):
    """Which total is meant only the gradient says."""
    file = tmp_path / "svm.py"
    file.write_text(HINGE.replace("REDUCED", reduced))

    report = function_here(f"{file}:hinge_loss_gradient")

    assert (report.verdict, said in report.why) == (Verdict.PASS, True)


@pytest.mark.parametrize("slip", [("-(inside", "(inside"), ("< 1)", "> 1)"), ("-inside * y", "-y")])
def test_a_gradient_of_no_total_fails(tmp_path, slip):
    """Neither the sum nor the mean makes these right."""
    file = tmp_path / "svm.py"
    file.write_text(HINGE.replace("REDUCED", "sum").replace(*slip))

    assert function_here(f"{file}:hinge_loss_gradient").verdict == Verdict.FAIL
