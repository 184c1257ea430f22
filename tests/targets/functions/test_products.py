"""The axes of arguments, read off the matrix products of the code."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.products import axes_by_products

COLUMNS = """
def step(xt, s_prev, weights):
    Wx, Ws = weights["Wx"], weights["Ws"]
    s_next = np.tanh(np.dot(Wx, xt) + np.dot(Ws, s_prev) + weights["bs"])
    return np.dot(weights["Wy"], s_next) + weights["by"]
"""
BESIDE = """
def step(xt, h_prev, Wf, bf, Wo):
    both = np.zeros((len(h_prev) + len(xt), xt.shape[1]))
    both[:len(h_prev), :] = h_prev
    both[len(h_prev):, :] = xt
    return sigmoid(Wf @ both + bf) * np.tanh(Wo @ np.concatenate((h_prev, xt)))
"""
ROWS = """
def net(X, W1, b1, W2, b2):
    hidden = np.maximum(X.dot(W1) + b1, 0)
    return hidden.dot(W2) + b2
"""
NAMED = """
def step(xt, h_prev, W, U):
    n_x, m = xt.shape
    return np.tanh(W @ xt + U @ h_prev)
"""
MIXED = """
def odd(x, W, V):
    return W @ x + x @ V
"""
TWICE = """
def odd(x, h, W):
    return np.tanh(W @ x) + W @ np.concatenate((h, x))
"""
CELL = """
import numpy as np


def turn_forward(xt, s_prev, weights):
    Wx, Ws, bs = weights["Wx"], weights["Ws"], weights["bs"]
    s_next = np.tanh(np.dot(Wx, xt) + np.dot(Ws, s_prev) + bs)
    return s_next, (s_next, s_prev, xt, weights)


def turn_backward(ds_next, cache):
    s_next, s_prev, xt, weights = cache
    bent = ds_next * (1 - s_next ** 2)
    return {
        "dxt": np.dot(weights["Wx"].T, bent),
        "ds_prev": np.dot(weights["Ws"].T, bent),
        "dWx": np.dot(bent, xt.T),
        "dWs": np.dot(bent, s_prev.T),
        "dbs": np.sum(bent, axis=1, keepdims=True),
    }
"""


@pytest.mark.parametrize(
    ("code", "names", "axes"),
    [
        (COLUMNS, "xt s_prev Wx Ws bs Wy by", "d n, m n, m d, m m, m 1, v m, v 1"),
        (BESIDE, "xt h_prev Wf bf Wo", "d n, m n, m m+d, m 1, m m+d"),
        (ROWS, "X W1 b1 W2 b2", "n d, d m, m, m v, v"),
        (ROWS.replace("X.dot(W1)", "X @ W1.T"), "X W1 b1 W2 b2", "n d, m d, m, m v, v"),
    ],
)
def test_what_meets_in_a_product_has_one_length(code, names, axes):
    """And what is added to it has the other, also in dicts and where two arrays are put beside each other."""
    known = axes_by_products(code, names.split())
    assert ", ".join(known[name] for name in names.split()) == axes


def test_the_code_s_own_names_of_lengths_stay_one_length():
    """Its m is the number of samples, so the state has another letter."""
    known = axes_by_products(NAMED, ["xt", "h_prev", "W", "U"])
    samples, state = known["xt"].split()[1], known["h_prev"].split()[0]
    assert known["h_prev"].split()[1] == samples != state
    assert known["U"] == f"{state} {state}"


@pytest.mark.parametrize(
    ("code", "names"), [(MIXED, "x W V"), (TWICE, "x h W"), ("def f(a, b):\n    return a * b", "a b")]
)
def test_code_that_says_two_things_says_nothing(code, names):
    """Weights on both sides, one weight in two shapes, no product at all."""
    assert axes_by_products(code, names.split()) == {}


def test_a_cell_of_columns_is_asked_in_its_own_layout(tmp_path):
    """No word tells that its samples are columns."""
    file = tmp_path / "cell.py"
    file.write_text(CELL)
    report = function_here(f"{file}:turn_backward")
    assert report.verdict is Verdict.PASS
    assert set(report.gradients) == {"xt", "s_prev", "Wx", "Ws", "bs"}


def test_a_wrong_operand_in_a_cell_of_columns_fails(tmp_path):
    """The next state for the one before."""
    file = tmp_path / "cell.py"
    file.write_text(CELL.replace("np.dot(bent, s_prev.T)", "np.dot(bent, s_next.T)"))
    report = function_here(f"{file}:turn_backward")
    wrong = {name for name, each in report.gradients.items() if each.verdict is Verdict.FAIL}
    assert wrong == {"Ws"}
