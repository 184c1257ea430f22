"""A function that gives its loss and the gradients at once."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

BOTH = """
import numpy as np


def quantile_grad(guess, truth, share):
    rest = truth - guess
    grad = np.where(rest > 0, -share, 1 - share) SCALE
    loss = np.where(rest > 0, share * rest, (share - 1) * rest)
    return grad.astype(guess.dtype), TOTAL
"""


@pytest.mark.parametrize(
    ("scale", "total", "verdict"),
    [
        ("/ guess.size", "float(np.mean(loss))", Verdict.PASS),
        ("", "float(np.mean(loss))", Verdict.FAIL),
        ("", "loss.sum()", Verdict.PASS),
    ],
)
def test_a_loss_that_is_added_up_where_it_is_returned_is_one(tmp_path, scale, total, verdict):
    """Behind its gradient, too."""
    file = tmp_path / "quantile.py"
    file.write_text(BOTH.replace("SCALE", scale).replace("TOTAL", total))
    report = function_here(f"{file}:quantile_grad")
    assert (report.convention, report.verdict) == ("loss", verdict)
