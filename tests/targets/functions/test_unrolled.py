"""A vector that holds a network's weights one behind the other, and the lengths that it is cut by."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

# A logistic unit behind one hidden layer; the last part of the vector is cut at both ends.
CUT = """
import numpy as np

def squash(z):
    return 1 / (1 + np.exp(-z))

def cost_and_grad(data, targets, params, {lengths}):
    {taken}
    end = i * h
    first = params[:end].reshape(i, h)
    shift = params[end:end + h]
    end += h
    second = params[end:end + h * o].reshape(h, o)
    hidden = squash(data @ first + shift)
    guess = squash(hidden @ second)
    cost = -np.sum(targets * np.log(guess) + (1 - targets) * np.log(1 - guess))
    delta = guess - targets
    back = (delta @ second.T) * hidden * (1 - hidden)
    return cost, np.concatenate([(data.T @ back).ravel(), back.sum(axis=0), (hidden.T @ delta).ravel()])
"""


@pytest.mark.parametrize(
    ("lengths", "taken"),
    [
        ("dimensions", "i, h, o = dimensions"),
        ("layer_sizes", "i, h, o = layer_sizes[0], layer_sizes[1], layer_sizes[2]"),
    ],
)
def test_the_lengths_of_the_layers_come_in_one_tuple(tmp_path, lengths, taken):
    """Five inputs, six hidden units and five outputs: a vector of 5 x 6 + 6 + 6 x 5, and nothing is left unread."""
    file = tmp_path / "cut.py"
    file.write_text(CUT.format(lengths=lengths, taken=taken))

    report = function_here(f"{file}:cost_and_grad")

    assert report.verdict is Verdict.PASS
    assert "params 66" in report.inputs


def test_a_hidden_layer_whose_slope_is_forgotten_fails_there(tmp_path):
    """The same with an error that is not multiplied by the slope of the hidden units."""
    file = tmp_path / "cut.py"
    wrong = CUT.replace("(delta @ second.T) * hidden * (1 - hidden)", "delta @ second.T")
    file.write_text(wrong.format(lengths="dims", taken="i, h, o = dims"))

    report = function_here(f"{file}:cost_and_grad")

    assert (report.verdict, report.gradients["params"].verdict) == (Verdict.FAIL, Verdict.FAIL)
