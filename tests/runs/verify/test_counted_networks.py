"""Networks of any depth, whose parameters lie in a dict under keys that the code counts."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import GradcheckError

TOP = """
import numpy as np


def go_up(inputs, weights, bias, bends):
    sums = weights @ inputs + bias
    return (np.maximum(sums, 0) if bends else 1 / (1 + np.exp(-sums))), (inputs, weights, sums)


def go_down(grad, kept, bends):
    inputs, weights, sums = kept
    if bends:
        grad = grad * (sums > 0)
    else:
        share = 1 / (1 + np.exp(-sums))
        grad = grad * share * (1 - share)
    m = inputs.shape[1]
    return weights.T @ grad, grad @ inputs.T / m, grad.sum(axis=1, keepdims=True) / m


def deep_forward(X, parameters):
    found, caches = X, []
    depth = len(parameters) // 2
    for level in range(1, depth + 1):
        weights, bias = parameters["W" + str(level)], parameters["b" + str(level)]
        found, cache = go_up(found, weights, bias, level < depth)
        caches.append(cache)
    return found, caches


def deep_backward(AL, Y, caches):
    grads = {}
    grad = (1 - Y) / (1 - AL) - Y / AL
    for level in reversed(range(len(caches))):
        is_last = level == len(caches) - 1
        grad, grads[f"dW{level + 1}"], grads[f"db{level + 1}"] = go_down(grad, caches[level], not is_last)
    return grads
"""
MAKES = """

def initialize_parameters_deep(layer_dims):
    made = {}
    for level in range(1, len(layer_dims)):
        made["W" + str(level)] = np.random.randn(layer_dims[level], layer_dims[level - 1])
        made["b" + str(level)] = np.zeros((layer_dims[level], 1))
    return made
"""
HANDED_G = """
import numpy as np


def forward(x, params):
    seen = [x]
    for number in range(1, len(params) // 2 + 1):
        seen.append(np.tanh(seen[-1] @ params[f"W{number}"] + params[f"b{number}"]))
    return seen[-1], seen


def backward(dout, seen, params):
    grads = {}
    for number in range(len(params) // 2, 0, -1):
        dout = dout * (1 - seen[number] ** 2)
        grads[f"W{number}"] = seen[number - 1].T @ dout
        grads[f"b{number}"] = dout.sum(axis=0)
        dout = dout @ params[f"W{number}"].T
    return grads
"""


@pytest.fixture
def judged(tmp_path):
    """From a text and a target's name to its report."""

    def judge(text, name):
        file = tmp_path / "network.py"
        file.write_text(text)
        return function_here(f"{file}:{name}")

    return judge


@pytest.mark.parametrize("makes", [MAKES, ""])
def test_without_a_loss_in_the_file_it_is_judged_by_the_one_whose_slopes_its_gradients_are(judged, makes):
    """Also where nothing makes its parameters."""
    report = judged(TOP + makes, "deep_backward")
    assert report.verdict is Verdict.PASS
    assert set(report.gradients) == {"W1", "b1", "W2", "b2", "W3", "b3"}
    assert "the mean of the binary cross entropy over the samples, whose slopes 6 of its 6" in report.why


@pytest.mark.parametrize("makes", [MAKES, ""])
def test_a_mean_that_the_biases_alone_lack_fails_in_these(judged, makes):
    """The loss is that which most numbers are the slopes of."""
    report = judged((TOP + makes).replace("keepdims=True) / m", "keepdims=True)"), "deep_backward")
    wrong = {name for name, each in report.gradients.items() if each.verdict is Verdict.FAIL}
    assert wrong == {"b1", "b2", "b3"}
    assert {each.id for each in report.findings} == {"scaled-constant"}


def test_gradients_of_no_known_loss_are_not_judged(judged):
    """What its author had in mind is nowhere."""
    with pytest.raises(GradcheckError, match="deep_backward"):
        judged(TOP.replace("(1 - Y) / (1 - AL) - Y / AL", "np.sin(AL * Y + 0.3)"), "deep_backward")


def test_one_that_is_handed_an_upstream_is_judged_by_its_forward(judged):
    """And owes no gradient of its data."""
    report = judged(HANDED_G, "backward")
    assert report.verdict is Verdict.PASS
    assert set(report.gradients) == {"W1", "b1", "W2", "b2", "W3", "b3"}


def test_a_wrong_slope_in_one_fails(judged):
    """The derivative of tanh of what it gave."""
    report = judged(HANDED_G.replace("seen[number] ** 2", "seen[number]"), "backward")
    assert report.verdict is Verdict.FAIL
    assert "wrong-derivative" in {each.id for each in report.findings}


NUMBERED = """
import numpy as np

def go_up(x_train, parameters):
    z1 = np.dot(parameters["weight1"], x_train) + parameters["bias1"]
    a1 = np.tanh(z1)
    z2 = np.dot(parameters["weight2"], a1) + parameters["bias2"]
    return {"z1": z1, "a1": a1, "a2": 1 / (1 + np.exp(-z2))}

def go_up_cost(a2, Y):
    assert a2.shape == (1, Y.shape[1])
    return -np.sum(Y * np.log(a2) + (1 - Y) * np.log(1 - a2)) / Y.shape[1]

def go_up_backward(parameters, cache, X, Y):
    m = X.shape[1]
    a1 = cache["a1"]
    a2 = cache["a2"]
    dz2 = a2 - Y
    dweight2 = np.dot(dz2, a1.T) / m
    dbias2 = np.sum(dz2, axis=1, keepdims=True) / m
    dz1 = np.dot(parameters["weight2"].T, dz2) * (1 - np.power(KEPT, 2))
    return {"dweight1": np.dot(dz1, X.T) / m, "dbias1": np.sum(dz1, axis=1, keepdims=True) / m,
            "dweight2": dweight2, "dbias2": dbias2}
"""


def test_a_network_whose_keys_are_numbered_is_made_with_as_many_layers(tmp_path):
    """Nothing in the file makes its parameters, and its forward returns nothing but what it keeps."""
    file = tmp_path / "planar.py"
    file.write_text(NUMBERED.replace("KEPT", "a1"))

    report = function_here(f"{file}:go_up_backward")

    assert (report.verdict, list(report.gradients)) == (Verdict.PASS, ["weight1", "bias1", "weight2", "bias2"])


def test_the_wrong_cache_of_a_layer_is_named_by_its_line(tmp_path):
    """What right gradients are made of is changed last, so that the line of the wrong ones is reached."""
    file = tmp_path / "planar.py"
    file.write_text(NUMBERED.replace("KEPT", "a2"))

    report = function_here(f"{file}:go_up_backward")

    found = {(each.id, each.gradient, each.certainty, each.line) for each in report.findings}
    line = 1 + NUMBERED.splitlines().index(next(each for each in NUMBERED.splitlines() if "KEPT" in each))
    assert found == {("wrong-operand", name, "proved", line) for name in ("weight1", "bias1")}


ROWS_OUTSIDE = """
import numpy as np

def squash(x):
    return 1 / (1 + np.exp(-x))

def two_class_cost(y_true, y_pred):
    y_pred = np.clip(y_pred, 1e-15, 1 - 1e-15)
    return -np.mean(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))

def climb_forward(X, parameters):
    kept = {"A0": X.T}
    for l in range(1, len(parameters) // 2 + 1):
        kept[f"Z{l}"] = parameters[f"W{l}"] @ kept[f"A{l-1}"] + parameters[f"b{l}"]
        kept[f"A{l}"] = squash(kept[f"Z{l}"])
    return kept

def climb_backward(parameters, cache, X, Y):
    grads, last = {}, len(parameters) // 2
    back = (1 - Y.T) / (1 - cache[f"A{last}"]) - Y.T / cache[f"A{last}"]
    for l in range(last, 0, -1):
        here = back * cache[f"A{l}"] * (1 - cache[f"A{l}"])
        grads[f"dW{l}"] = here @ cache[f"A{l-1}"].T SHARE
        grads[f"db{l}"] = here.sum(axis=1, keepdims=True) / X.shape[0]
        back = parameters[f"W{l}"].T @ here
    return grads
"""


@pytest.mark.parametrize(("share", "verdict"), [("/ X.shape[0]", Verdict.PASS), ("", Verdict.FAIL)])
def test_a_cache_is_all_that_a_forward_of_columns_returns_for_rows(tmp_path, share, verdict):
    """Its output is the last that was kept, turned as its target lies; of two classes one output is meant."""
    file = tmp_path / "climb.py"
    file.write_text(ROWS_OUTSIDE.replace("SHARE", share))

    report = function_here(f"{file}:climb_backward")

    assert (report.verdict, len(report.gradients)) == (verdict, 6)
