"""A gradient near 0, of which rounding is all that is wrong."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

# The first class has a chance of 1 - 1e-13: of that difference three digits are there.
SURE = """
import numpy as np

def loss_of(W, U, X, y):
    h = np.maximum(0, X @ W)
    s = h @ U
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(X))
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    back = (p @ U.T) * (h > 0) / len(X)
    return loss, {"W": TIMES X.T @ back, "U": TIMES h.T @ p / len(X)}

def gradcheck_inputs():
    W = [[21.8, 0.587, -2.9, -0.622], [-9.05, 0.499, -11, 0.717], [6.14, 0.157, 0.8, 1.11], [-14.3, -1.01, 3.7, -0.556]]
    U = [[-3.94, -0.507], [-12.2, -0.625], [4.9, 0.403], [9.42, 2.31]]
    X = [[-17.7, -0.694, -3.91, 0.0687], [0.907, 40.8, 0.372, 8.61]]
    return np.array(W), np.array(U), np.array(X), 0
"""


@pytest.mark.parametrize(("times", "failed"), [("", False), ("2.0 *", True)])
def test_digits_that_a_difference_has_lost_are_not_compared(tmp_path, times, failed):
    """Twice as much is wrong however few digits there are."""
    (tmp_path / "sure.py").write_text(SURE.replace("TIMES", times))
    report = function_here(f"{tmp_path / 'sure.py'}:loss_of")
    assert (report.verdict is Verdict.FAIL) == failed
