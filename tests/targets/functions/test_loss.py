"""A function that gives its loss and the gradients at once."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.loss import gives_gradients

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


@pytest.mark.parametrize(
    ("code", "is_loss"),
    [
        ("def gradient_kl(V, W, H):\n    return (1 - V / (W @ H)) @ H.T, W.T @ (1 - V / (W @ H))", False),
        ("def kl_and_gradient(V, W):\n    return np.vdot(V, W), V - W", True),
        ("def kl_gradient(V, W):\n    return np.sum(V * W), V - W", True),
        ("def kl_gradient(V, W):\n    return np.sum(V * W, 1), V - W", False),
        ("def kl(V, W):\n    return np.vdot(V, W), V - W", True),
    ],
)
def test_what_is_called_a_gradient_and_returns_two_things_without_names(code, is_loss):
    """They are gradients, unless the name or the first of them says that it is the loss."""
    assert gives_gradients(ast.parse(code).body[0]) is is_loss


FACTORS = """
import numpy as np

def divergence_pois(V, W, H):
    A = W @ H
    return np.sum(A - V * np.log(A))

def gradient_pois(V, W, H):
    R = 1 - V / (W @ H)
    return R @ H.T, FACTOR * (W.T @ R)
"""


@pytest.mark.filterwarnings("ignore")  # logarithms of what is below 0
@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_a_logarithm_of_a_product_is_asked_in_the_shapes_of_the_product(tmp_path, factor, verdict):
    """Of numbers above 0: what had failed before in other shapes took their place."""
    file = tmp_path / "factors.py"
    file.write_text(FACTORS.replace("FACTOR", factor))
    report = function_here(f"{file}:gradient_pois")
    assert {name: each.verdict for name, each in report.gradients.items()} == {"W": Verdict.PASS, "H": verdict}


@pytest.mark.parametrize(("factor", "verdict"), [("2 * ", Verdict.PASS), ("", Verdict.FAIL)])
def test_of_two_targets_the_first_is_compared_with_the_second(tmp_path, factor, verdict):
    """`y` beside `t` is the network's output; with neither differentiated nothing was judged."""
    code = f"def mse(y, t):\n    d = y - t\n    return (d ** 2).mean(), {factor}d / d.size\n"
    (tmp_path / "error.py").write_text(code)
    report = function_here(f"{tmp_path}/error.py:mse")
    assert report.verdict is verdict
    assert set(report.gradients) == {"y"}
