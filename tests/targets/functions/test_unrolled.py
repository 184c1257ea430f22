"""A vector that holds a network's weights one behind the other, and the lengths that it is cut by."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.unrolled import is_unrolled

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


BESIDE = """
import numpy as np

def apart(seq, nm, nu, nf):
    return seq[:nm * nf].reshape(nm, nf), seq[nm * nf:].reshape(nu, nf)

def rating_cost(params, Y, R, nm, nu, nf, lam=0.0):
    films, people = apart(params, nm, nu, nf)
    return 0.5 * (((films @ people.T - Y) * R) ** 2).sum() + 0.5 * lam * ((films ** 2).sum() + (people ** 2).sum())

def rating_gradient(params, Y, R, nm, nu, nf, lam=0.0):
    films, people = apart(params, nm, nu, nf)
    off = (films @ people.T - Y) * R
    return np.r_[(off @ people + lam * films).ravel(), (off.T @ films MORE).ravel()]
"""


@pytest.mark.parametrize(("more", "verdict"), [("+ lam * people", Verdict.PASS), ("", Verdict.FAIL)])
def test_a_helper_cuts_the_vector(tmp_path, more, verdict):
    """Three films, six people and five features; the penalty is asked too, whose default is none."""
    file = tmp_path / "films.py"
    file.write_text(BESIDE.replace("MORE", more))

    report = function_here(f"{file}:rating_gradient")

    assert report.verdict is verdict
    assert report.inputs.startswith("params 45, Y 3x6, R 3x6, nm 3, nu 6, nf 5")


PARTS = """
import numpy as np

def mirror_cost(theta, visible_size, hidden_size, data):
    W = theta[:visible_size * hidden_size].reshape(hidden_size, visible_size)
    b = theta[visible_size * hidden_size:]
    hidden = np.tanh(W @ data + np.tile(b, (data.shape[1], 1)).T)
    off = W.T @ hidden - data
    dW = (W @ off * (1 - hidden ** 2)) @ data.T + hidden @ off.T
    db = (W @ off * (1 - hidden ** 2)).sum(axis=1)
    return 0.5 * np.sum(off ** 2), RETURNED
"""


@pytest.mark.parametrize("returned", ["np.r_[dW.ravel(), db]", "dW, db"])
def test_the_last_part_is_added_to_something_and_the_gradients_come_whole_or_in_parts(tmp_path, returned):
    """Six hidden units of five visible ones: 36 numbers, of which nothing but a sum tells the last six."""
    file = tmp_path / "mirror.py"
    file.write_text(PARTS.replace("RETURNED", returned))

    report = function_here(f"{file}:mirror_cost")

    assert (report.verdict, report.gradients["theta"].verdict) == (Verdict.PASS, Verdict.PASS)
    assert report.inputs.startswith("theta 36, visible_size 5, hidden_size 6, data 5x3")


@pytest.mark.parametrize(("shaped", "found"), [("v.reshape(2, 2)", True), ("reshape_later(v)", False)])
def test_a_function_that_calls_itself_with_its_arguments_exchanged_is_read_once(shaped, found):
    """What is handed on in a circle has no end."""
    source = f"def mirror(w, v):\n    return mirror(v, w) if len(v) > len(w) else {shaped} @ w\n"

    assert is_unrolled(source, "w") is found
