"""Shapes that are likely together, and not one by one."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

LASSO = """
import numpy as np

class Fit:
    def cost_lasso(self, X, Y, W, lamda):
        return np.sum((X @ W - Y) ** 2) / (2 * len(X)) + lamda * np.sum(np.abs(W))

    def lasso_gradient(self, X, Y, W, lamda):
        signs = np.array([w / abs(w) for w in W.reshape(1, len(W))[0]]).reshape(len(W), 1)
        return X.T @ (X @ W - Y) / len(X) + FACTOR * signs
"""
PERCEPTRON = """
import numpy as np

def squared_cost(X, y, weights, bias):
    return 0.5 * np.sum((weights.dot(X.transpose()) + bias - y) ** 2)

def squared_cost_gradient(X, y, weights, bias):
    rest = weights.dot(X.transpose()) + bias - y
    return np.sum(rest[:, np.newaxis] * X, axis=0), np.TOTAL(rest)
"""


@pytest.mark.parametrize(
    ("text", "name", "verdict"),
    [
        (LASSO.replace("FACTOR", "lamda"), "Fit.lasso_gradient", Verdict.PASS),
        (LASSO.replace("FACTOR", "2 * lamda"), "Fit.lasso_gradient", Verdict.FAIL),
        (PERCEPTRON.replace("TOTAL", "sum"), "squared_cost_gradient", Verdict.PASS),
        (PERCEPTRON.replace("TOTAL", "mean"), "squared_cost_gradient", Verdict.FAIL),
    ],
)
def test_a_regression_is_asked_of_vectors_and_of_columns(tmp_path, text, name, verdict):
    """A column of weights beside a column of targets; a vector beside a single bias."""
    file = tmp_path / "fit.py"
    file.write_text(text)

    assert function_here(f"{file}:{name}").verdict == verdict


CHANCES = """
import numpy as np

def CostoLogistico(X, y, w, b):
    p = np.clip(1 / (1 + np.exp(-(np.dot(X, w) + b))), 1e-12, 1 - 1e-12)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

def GradienteLogistico(X, y, w, b):
    rest = 1 / (1 + np.exp(-(np.dot(X, w) + b))) - y
    return np.dot(X.T, rest) / len(X), np.TOTAL(rest)
"""


@pytest.mark.parametrize(("total", "verdicts"), [("mean", "pass pass"), ("sum", "pass fail")])
def test_what_is_right_for_a_vector_is_not_asked_of_a_matrix(tmp_path, total, verdicts):
    """A column of targets is spread over the columns of a matrix of weights, and the gradient is that of nothing."""
    file = tmp_path / "costo.py"
    file.write_text(CHANCES.replace("TOTAL", total))
    report = function_here(f"{file}:GradienteLogistico")
    assert " ".join(report.gradients[name].verdict for name in "wb") == verdicts
    assert [(finding.id, finding.gradient) for finding in report.findings] == [("scaled-constant", "b")] * (
        total == "sum"
    )
