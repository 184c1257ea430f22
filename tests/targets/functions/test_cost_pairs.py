"""A pair whose forward returns its cost and what it kept, and whose backward is handed what was kept and no G."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

TWO_LAYERS = """
import numpy as np

def squash(z):
    return 1 / (1 + np.exp(-z))

def propagate(X, Y, parameters):
    m = X.shape[1]
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    A1 = np.tanh(np.dot(W1, X) + b1)
    A2 = squash(np.dot(W2, A1) + b2)
    cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
    return cost, (A1, W1, A2, W2)

def propagate_back(X, Y, cache):
    m = X.shape[1]
    A1, W1, A2, W2 = cache
    dZ2 = (A2 - Y) / m
    dZ1 = np.dot(W2.T, dZ2) * SLOPE
    return {
        "dZ2": dZ2, "dW2": np.dot(dZ2, A1.T), "db2": dZ2.sum(axis=1, keepdims=True),
        "dZ1": dZ1, "dW1": np.dot(dZ1, X.T), "db1": dZ1.sum(axis=1, keepdims=True),
    }
"""


@pytest.mark.parametrize(("slope", "verdict"), [("(1 - A1**2)", Verdict.PASS), ("(1 - A1)", Verdict.FAIL)])
def test_what_was_kept_is_no_upstream_gradient(tmp_path, slope, verdict):
    """Of four gradients of weights each is judged; those between the layers belong to nobody, nor does Y to one."""
    file = tmp_path / "net.py"
    file.write_text(TWO_LAYERS.replace("SLOPE", slope))

    report = function_here(f"{file}:propagate_back")

    assert (report.verdict, report.convention) == (verdict, "loss-pair")
    assert [report.gradients[name].verdict for name in ("W2", "b2", "W1", "b1")] == [Verdict.PASS] * 2 + [verdict] * 2
    assert set(report.gradients) - {"X"} == {"W1", "b1", "W2", "b2"}


def test_gradients_of_a_mean_are_not_multiplied_again(tmp_path):
    """Samples in columns: the loss is divided by their number, and so are its gradients."""
    file = tmp_path / "net.py"
    file.write_text(TWO_LAYERS.replace("SLOPE", "(1 - A1**2)"))

    report = function_here(f"{file}:propagate_back")

    assert "times their number" not in report.why
    assert "no gradient of X is returned: taken as data, not judged" in report.notes
