"""Derivatives in terms of the result, as the file that holds them calls them."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

NET = """
import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_derivative(x):
    return DERIVATIVE

def train(X, y, W):
    out = sigmoid(X @ W)
    cache = {"A": sigmoid(X @ W)}
    return X.T @ ((out - y) * sigmoid_derivative(HANDED))
"""
OF_RESULT, OF_ARGUMENT = "x * (1 - x)", "sigmoid(x) * (1 - sigmoid(x))"


@pytest.mark.parametrize(
    ("derivative", "handed", "verdict"),
    [
        (OF_RESULT, "out", Verdict.PASS),
        (OF_RESULT, "cache['A']", Verdict.PASS),
        (OF_RESULT, "cache[f'a{y}']", Verdict.PASS),
        (OF_RESULT, "cache['sums']", Verdict.FAIL),  # nobody knows what stands there
        (OF_RESULT, "sigmoid(X @ W)", Verdict.PASS),
        (OF_RESULT, "X @ W", Verdict.FAIL),
        (OF_ARGUMENT, "X @ W", Verdict.PASS),
        (OF_ARGUMENT, "out", Verdict.PASS),  # the function is right; who calls it so is wrong
        ("x * (1 + x)", "out", Verdict.FAIL),
    ],
)
def test_a_derivative_is_asked_of_what_its_file_hands_to_it(tmp_path, derivative, handed, verdict):
    """x (1 - x) is the derivative of the sigmoid where x is its result, and wrong where it is the argument."""
    file = tmp_path / "net.py"
    file.write_text(NET.replace("DERIVATIVE", derivative).replace("HANDED", handed))

    assert function_here(f"{file}:sigmoid_derivative").verdict == verdict
