"""All parameters in one vector, all gradients in one array."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

ORCHARD = """
import numpy as np

def orchard_cost(theta, input_size, hidden_size, num_classes, X, y, lam):
    split = hidden_size * (input_size + 1)
    A = theta[:split].reshape(hidden_size, input_size + 1)
    B = theta[split:].reshape(num_classes, hidden_size + 1)
    rows = len(X)
    one = np.hstack((np.ones((rows, 1)), X))
    two = np.hstack((np.ones((rows, 1)), np.tanh(one @ A.T)))
    wanted = np.eye(num_classes)[y]
    off = two @ B.T - wanted
    cost = (off ** 2).sum() / rows + lam * (B[:, 1:] ** 2).sum()
    dB = 2 * off.T @ two / rows
    dB[:, 1:] += FACTOR * 2 * lam * B[:, 1:]
    back = (2 * off @ B)[:, 1:] * (1 - two[:, 1:] ** 2)
    grad = np.concatenate(((back.T @ one / rows).ravel(), dB.ravel()))
    return cost, grad

def crop(pears, plums, lam):
    grad = np.vstack((2 * pears * FACTOR, 2 * lam * plums))
    return (pears ** 2).sum() + lam * (plums ** 2).sum(), grad

def slope(height, width):
    return np.sin(height) * width

def d_slope(height, width):
    return np.array([np.cos(height) * width * FACTOR, np.sin(height)])
"""


def judged(tmp_path, name, factor):
    """The report of one of them."""
    (tmp_path / "orchard.py").write_text(ORCHARD.replace("FACTOR", factor), encoding="utf-8")
    return function_here(f"{tmp_path / 'orchard.py'}:{name}")


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_a_vector_is_as_long_as_the_code_takes_it_apart(tmp_path, factor, verdict):
    """5 inputs, 6 hidden ones, 7 classes: 6 * 6 + 7 * 7 numbers; nobody says so."""
    report = judged(tmp_path, "orchard_cost", factor)
    assert (report.verdict, report.gradients["theta"].verdict) == (verdict, verdict)
    assert report.inputs.startswith("theta 85, input_size 5, hidden_size 6, num_classes 7, X 3x5, y 3")


@pytest.mark.parametrize(("name", "wrong", "right"), [("crop", "pears", "plums"), ("d_slope", "height", "width")])
@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_one_array_holds_the_gradients_of_several_arguments(tmp_path, name, wrong, right, factor, verdict):
    """One behind the other, in the order of the arguments: each is judged by itself."""
    gradients = judged(tmp_path, name, factor).gradients
    assert (gradients[wrong].verdict, gradients[right].verdict) == (verdict, Verdict.PASS)
