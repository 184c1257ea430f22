"""What an initializer makes, on which layouts."""

import ast

import numpy as np
import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.network_wiring import layouts_of
from gradcheck_cli.targets.functions.plain import PlainFunction

CODE = """
def initialize(n_in, n_out):
    assert n_out < 4
    W, b = np.zeros((n_in, n_out)), np.zeros(4)
    return W, b
"""


def initializer(code):
    """The function of a file that holds nothing else."""
    held = {"np": np}
    exec(code, held)
    return PlainFunction(held["initialize"], ast.parse(code).body[0], "initialize", code)


def test_a_length_that_it_does_not_take_is_no_layout():
    """A bias of 4 says that there are 4 outputs, and it refuses these: those that it makes are left."""
    found = [made[0]["W"].shape for _, _, made in layouts_of(initializer(CODE))]
    assert set(found) == {(5, 1), (5, 2)}


def test_a_length_that_is_written_into_it_is_the_number_of_outputs():
    """Where it takes as many."""
    found = [
        (target.axes, made[0]["W"].shape) for _, target, made in layouts_of(initializer(CODE.replace("< 4", "< 5")))
    ]
    assert ("4 n", (5, 4)) in found


FIRST_STEPS = """
import numpy as np

def squash(z):
    return 1 / (1 + np.exp(-z))

def new_weights(n_in=2, n_hidden=4, n_out=1):
    return {"hidden": np.random.randn(n_in + 1, n_hidden), "output": np.random.randn(n_hidden + 1, n_out)}

def with_one(a):
    return np.hstack([a, np.ones((len(a), 1))])

def forward(X, weights):
    hidden = squash(with_one(X) @ weights["hidden"])
    output = squash(with_one(hidden) @ weights["output"])
    return hidden, output

def error(Y, output):
    return 0.5 * np.sum((Y - output) ** 2)

def backward(X, Y, weights):
    hidden, output = forward(X, weights)
    last = (output - Y) * output * (1 - output)
    first = last @ weights["output"][:-1].T * hidden * (1 - hidden)
    return {"hidden": with_one(X).T @ first, "output": TIMES * with_one(hidden).T @ last}
"""


@pytest.mark.parametrize(("times", "wrong"), [("1", set()), ("2", {"output"})])
def test_weights_called_as_what_is_given_out_are_not_taken_for_it(tmp_path, times, wrong):
    """New ones are made in lengths of the data, though their own are the defaults."""
    file = tmp_path / "first_steps.py"
    file.write_text(FIRST_STEPS.replace("TIMES", times))

    report = function_here(f"{file}:backward")

    assert {"hidden", "output"} == report.gradients.keys()
    assert wrong == {name for name, each in report.gradients.items() if each.verdict is Verdict.FAIL}
