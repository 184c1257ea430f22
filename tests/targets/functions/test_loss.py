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


BESIDE = """
import numpy as np


def ranked_cost(scores, weights):
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = shifted / shifted.sum(axis=1, keepdims=True)
    cost_sum = -(np.log(shares[:, 0]) * weights).sum()
    d_scores = shares.copy()
    d_scores[:, 0] -= 1
    return cost_sum, weights.sum(), d_scores SCALE


def margin_cost_gradient(w, rows, slope):
    reach = rows @ w
    loss = np.logaddexp(0.0, -slope * reach).mean()
    gradient = -(rows.T @ (1 / (1 + np.exp(slope * reach)))) SLOPE / len(rows)
    return loss, gradient, reach
"""


@pytest.mark.parametrize(
    ("name", "scale", "slope", "verdict"),
    [
        ("ranked_cost", "* weights[:, None]", "", Verdict.PASS),
        ("ranked_cost", "", "", Verdict.FAIL),
        ("margin_cost_gradient", "", "* slope", Verdict.PASS),
        ("margin_cost_gradient", "", "", Verdict.FAIL),
    ],
)
def test_what_stands_beside_a_loss_and_its_gradients_is_neither(tmp_path, name, scale, slope, verdict):
    """A count between them, and what was computed on the way behind them."""
    file = tmp_path / "beside.py"
    file.write_text(BESIDE.replace("SCALE", scale).replace("SLOPE", slope))
    report = function_here(f"{file}:{name}")
    assert (report.convention, report.verdict) == ("loss", verdict)


GATED = """
import numpy as np


def gated_loss(scores, p_open, truth):
    guess = p_open * scores
    loss = 0.5 * ((guess - truth) ** 2).sum()
    d_scores = (guess - truth) * p_open
    d_p_open = SIGN((guess - truth) * scores).sum(axis=1, keepdims=True)
    return loss, d_scores, d_p_open
"""


@pytest.mark.parametrize(("sign", "verdict"), [("", Verdict.PASS), ("-", Verdict.FAIL)])
def test_what_a_gradient_is_returned_of_is_no_constant(tmp_path, sign, verdict):
    """Whatever its name is usual for."""
    file = tmp_path / "gated.py"
    file.write_text(GATED.replace("SIGN", sign))
    report = function_here(f"{file}:gated_loss")
    assert report.verdict is verdict
    assert set(report.gradients) == {"scores", "p_open"}
