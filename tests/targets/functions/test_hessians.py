"""A Hessian is the derivative of the gradient that stands beside it."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.pairs import defined_by, pairs_among

VALLEY = """
import numpy as np

def valley(x):
    return (2 - x[0]) ** 2 + 50 * (x[1] - x[0] ** 3) ** 2

def valley_grad(x):
    rest = x[1] - x[0] ** 3
    return np.array([-2 * (2 - x[0]) - 300 * rest * x[0] ** 2, 100 * rest])

def valley_hess(x):
    rest = x[1] - x[0] ** 3
    upper = 2 + 900 * x[0] ** 4 - 600 * rest * x[0]
    side = -300 * x[0] ** 2
    return np.array([[upper, side], [side, 100.0]])
"""


@pytest.mark.parametrize("name", ["valley_grad", "valley_hess"])
def test_a_gradient_and_its_hessian_are_judged_each_by_what_it_is_of(tmp_path, name):
    """Of two numbers, whatever stands behind them."""
    file = tmp_path / "valley.py"
    file.write_text(VALLEY)

    assert function_here(f"{file}:{name}").verdict is Verdict.PASS


@pytest.mark.parametrize("slip", [("900", "450"), ("[side, 100.0]", "[-side, 100.0]"), ("- 600 * rest * x[0]", "")])
def test_a_wrong_entry_of_a_hessian_fails(tmp_path, slip):
    """The gradient beside it is right."""
    file = tmp_path / "valley.py"
    file.write_text(VALLEY.replace(*slip))

    assert function_here(f"{file}:valley_hess").verdict is Verdict.FAIL


def _pairs(code):
    functions = {node.name: defined_by(node) for node in ast.parse(code).body}
    return pairs_among(functions)


def test_the_gradient_of_a_hessian_takes_its_arguments_and_is_not_called_by_it():
    """What takes differences of a gradient is no formula; what takes a vector too gives a product."""
    code = """
def f(x): return x
def grad_f(x): return x
def hess_f(x): return x
def hessian_by_steps(x): return grad_f(x + 1) - grad_f(x)
def hessian_product(x, v): return x
"""
    assert _pairs(code) == {"grad_f": "f", "hess_f": "grad_f"}


def test_a_hessian_is_none_of_those_that_may_be_the_forward_of_a_gradient():
    """All three take the same argument, and one function is left."""
    assert _pairs("def objective(w): return w\ndef gradient(w): return w\ndef hessian(w): return w\n") == {
        "gradient": "objective",
        "hessian": "gradient",
    }
