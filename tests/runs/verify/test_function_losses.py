"""Losses with gradients of their own: in either order, in two functions, with settings that are 0 by default."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

COURSE = """
import numpy as np

def propagate(w, b, X, Y):
    m = X.shape[1]
    A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    grads = {"dw": np.dot(X, (A - Y).T) / m, "db": np.sum(A - Y)SHARE}
    return grads, cost

def compute_cost(X, y, w, b):
    total = 0.0
    for i in range(X.shape[0]):
        total = total + (np.dot(X[i], w) + b - y[i]) ** 2
    return total / (2 * X.shape[0])

def compute_gradient(X, y, w, b):
    m, n = X.shape
    dj_dw, dj_db = np.zeros(n), 0.0
    for i in range(m):
        off = np.dot(X[i], w) + b - y[i]
        for j in range(n):
            dj_dw[j] += off * X[i, j]
        dj_db += off
    return dj_db SHARE, dj_dw / m
"""
NET = """
import numpy as np

class TwoLayers:
    def __init__(self, n_in, n_hidden, n_classes):
        self.W = np.random.randn(n_in, n_hidden)
        self.U = np.random.randn(n_hidden, n_classes)

    def loss(self, X, y, reg=0.0):
        h = np.maximum(0, X @ self.W)
        s = h @ self.U
        p = np.exp(s - s.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        rows = np.arange(len(X))
        loss = -np.log(p[rows, y]).mean() + reg * (self.W ** 2).sum()
        p[rows, y] -= 1
        p /= len(X)
        back = (p @ self.U.T) * (h > 0)
        return loss, {"W": X.T @ back + TIMES * reg * self.W, "U": h.T @ p}
"""


def judged(tmp_path, code, name, **options):
    """The report of one function of a file."""
    (tmp_path / "loss.py").write_text(code, encoding="utf-8")
    return function_here(f"{tmp_path / 'loss.py'}:{name}", **options)


@pytest.mark.parametrize("name", ["propagate", "compute_gradient"])
def test_gradients_may_come_before_their_loss_or_from_a_function_beside_it(tmp_path, name):
    """As courses write it; the data have no gradient, and that is said."""
    report = judged(tmp_path, COURSE.replace("SHARE", "/ m"), name)
    assert report.verdict is Verdict.PASS
    assert set(report.gradients) == {"w", "b"}
    assert "no gradient of X is returned: taken as data, not judged" in report.notes


@pytest.mark.parametrize("name", ["propagate", "compute_gradient"])
def test_a_mean_that_is_forgotten_there_is_found(tmp_path, name):
    """Of the bias alone."""
    report = judged(tmp_path, COURSE.replace("SHARE", ""), name)
    assert report.verdict is Verdict.FAIL
    assert {found.gradient for found in report.findings} == {"b"}


@pytest.mark.parametrize(("times", "verdict"), [("2", Verdict.PASS), ("1", Verdict.FAIL)])
def test_a_penalty_that_is_0_by_default_is_asked_where_it_is_not(tmp_path, times, verdict):
    """However many classes the constructor was given: labels are drawn among those that the first call took."""
    report = judged(tmp_path, NET.replace("TIMES", times), "TwoLayers")
    assert report.verdict is verdict
    assert any("reg 0.7" in sample.text for sample in report.samples)


def test_a_setting_that_was_asked_at_its_default_only_is_said(tmp_path):
    """No word that the code knows beside it: what another would do is not known."""
    code = """
def scaled(x, how="plain"):
    return 3 * x if how else x

def scaled_backward(dout, x, how="plain"):
    return 3 * dout
"""
    report = judged(tmp_path, code, "scaled_backward")
    assert report.verdict is Verdict.PASS
    assert "asked with one value of how only: what others do is not known" in report.notes


def test_a_gradient_that_is_the_mean_of_itself_is_not_asked_on_a_single_number(tmp_path):
    """On one number the mean of the differences is the difference; a loss is meant for many."""
    code = """
import numpy as np

class MSELoss:
    def __call__(self, y_true, y_pred):
        self.off = y_pred - y_true
        return np.mean(np.square(self.off))

    def backward(self):
        return 2 * np.mean(self.off)
"""
    report = judged(tmp_path, code, "MSELoss")
    assert report.verdict is Verdict.FAIL
    assert [found.id for found in report.findings] == ["wrong-shape"]


SPLIT = """
import numpy as np

def forward_backward(w, b, x_train, y_train):
    head = 1 / (1 + np.exp(-(np.dot(w.T, x_train) + b)))
    cost = -np.sum(y_train * np.log(head) + (1 - y_train) * np.log(1 - head)) / x_train.shape[1]
    derivative_weight = np.dot(x_train, (head - y_train).T) / x_train.shape[1]
    derivative_bias = np.sum(head - y_train)SHARE
    gradients = {"derivative_weight": derivative_weight, "NAME": derivative_bias}
    return cost, gradients
"""


@pytest.mark.parametrize(("share", "verdict"), [(" / x_train.shape[1]", Verdict.PASS), ("", Verdict.FAIL)])
def test_derivatives_that_are_written_out_are_gradients(tmp_path, share, verdict):
    """`derivative_bias` is that of b; y_train holds targets, and no switch."""
    report = judged(tmp_path, SPLIT.replace("SHARE", share).replace("NAME", "derivative_bias"), "forward_backward")
    assert report.gradients["b"].verdict is verdict
    assert report.gradients["w"].verdict is Verdict.PASS


def test_a_gradient_that_belongs_to_nobody_is_no_pass(tmp_path):
    """It may be that of b, which was never compared then."""
    report = judged(tmp_path, SPLIT.replace("SHARE", "").replace("NAME", "grad_shift"), "forward_backward")
    assert report.verdict is not Verdict.PASS


def test_a_loss_that_rounds_is_no_surrogate(tmp_path):
    """A layer may be a step and its backward another function; a loss of whole numbers has lost what it measures."""
    code = """
import numpy as np

def compute_cost(w, X, y):
    return np.mean((np.int64(X @ w) - y) ** 2) / 2

def compute_gradient(w, X, y):
    return X.T @ (np.int64(X @ w) - y) / len(X)
"""
    assert judged(tmp_path, code, "compute_gradient").verdict is Verdict.FAIL


def test_a_power_of_a_negative_number_is_no_crash(tmp_path):
    """Python makes a complex number of it, on the smaller examples that are tried."""
    code = """
import numpy as np

def log_chance_cost(x, width):
    return -x[0] ** 2 / 10 - (x[1] - x[0] ** 2) ** 2 - np.log((width * 2 * np.pi) ** -0.5)

def log_chance_gradient(x, width):
    return np.array([-x[0] / 5 + 2 * x[0] * (x[1] - x[0] ** 2), -2 * (x[1] - x[0] ** 2)])
"""
    assert judged(tmp_path, code, "log_chance_gradient").gradients["x"].verdict is Verdict.FAIL


def test_a_loss_of_one_sample_is_asked_with_one_label(tmp_path):
    """With a label for each column it runs as well, and gives a number for each: it was not meant for that."""
    text = (
        "import numpy as np\n"
        "def chooseCostAndGradient(predicted, target, outputVectors):\n"
        "    z = outputVectors @ predicted\n"
        "    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()\n"
        "    cost = -np.log(p[target])\n"
        "    delta = p.copy()\n"
        "    delta[target] -= 1\n"
        "    gradPred = outputVectors.T @ delta\n"
        "    grad = np.outer(delta, predicted)\n"
        "    return cost, gradPred, grad\n"
    )
    (tmp_path / "mine.py").write_text(text)
    report = function_here(f"{tmp_path}/mine.py:chooseCostAndGradient")
    assert (report.verdict, set(report.gradients)) == (Verdict.PASS, {"predicted", "outputVectors"})
    (tmp_path / "mine.py").write_text(text.replace("target] -= 1", "target] -= 2"))
    assert function_here(f"{tmp_path}/mine.py:chooseCostAndGradient").verdict is Verdict.FAIL


def test_what_stands_beside_ratings_says_whether_there_is_one(tmp_path):
    """R is 0 or 1: with its square in the cost it need not be in the gradient."""
    text = (
        "import numpy as np\n"
        "def rating_cost(params, Y, R, num_users, num_movies, num_features, lam):\n"
        "    X = params[:num_movies * num_features].reshape(num_movies, num_features)\n"
        "    T = params[num_movies * num_features:].reshape(num_users, num_features)\n"
        "    off = (X @ T.T - Y) * R\n"
        "    J = 0.5 * np.sum(off ** 2) + 0.5 * lam * np.sum(params ** 2)\n"
        "    grad = np.concatenate(((off @ T + lam * X).ravel(), (off.T @ X + lam * T).ravel()))\n"
        "    return J, grad\n"
    )
    (tmp_path / "mine.py").write_text(text)
    assert function_here(f"{tmp_path}/mine.py:rating_cost").verdict is Verdict.PASS
    (tmp_path / "mine.py").write_text(text.replace("(off.T @ X + lam * T)", "(off.T @ X)"))
    assert function_here(f"{tmp_path}/mine.py:rating_cost").verdict is Verdict.FAIL


def test_gradients_in_the_plural_and_of_what_is_called_in_the_plural_are_found(tmp_path):
    """A backward called `..._gradients`; a gradient of `predictions` that is called `dprediction`."""
    code = """
import numpy as np

def pull_loss(anchor, near):
    return np.mean(np.sum((anchor - near) ** 2, axis=1))

def pull_loss_gradients(anchor, near):
    return 2 * (anchor - near) / len(anchor), SIGN 2 * (anchor - near) / len(anchor)

def softmax_with_entropy(predictions, target_index):
    p = np.exp(predictions - predictions.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    rows = np.arange(len(p))
    loss = -np.mean(np.log(p[rows, target_index]))
    dprediction = p.copy()
    dprediction[rows, target_index] -= 1
    return loss, dprediction / len(p)
"""
    right = code.replace("SIGN", "-")
    for name in ("pull_loss_gradients", "softmax_with_entropy"):
        assert judged(tmp_path, right, name).verdict is Verdict.PASS
    wrong = judged(tmp_path, code.replace("SIGN", ""), "pull_loss_gradients")
    assert [(found.gradient, found.id) for found in wrong.findings] == [("near", "sign-flipped")]


WEIGHTED = """
import numpy as np

def weighted_loss(y_true, y_pred, weights: np.ndarray = None):
    each = (y_pred - y_true) ** 2
    return float(np.mean(each if weights is None else weights * each))

def weighted_loss_gradient(y_true, y_pred, weights: np.ndarray = None):
    each = 2 * (y_pred - y_true) / y_pred.size
    return FACTOR * each if weights is None else weights * each
"""


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("3", Verdict.FAIL)])
def test_what_is_wrong_only_without_an_optional_array_is_shown_without_it(tmp_path, factor, verdict):
    """The smallest example owes no gradient of what is None there."""
    file = tmp_path / "weighted.py"
    file.write_text(WEIGHTED.replace("FACTOR", factor))
    report = function_here(f"{file}:weighted_loss_gradient")

    assert report.verdict == verdict
    if verdict is Verdict.FAIL:
        assert report.counterexample.values["weights"] is None


RIDGE = """
import numpy as np

def ridge_cost(x, y, w, b, lambda_=1):
    off = x @ w + b - y
    return off @ off / (2 * len(y)) + lambda_ * (w @ w) / (2 * len(y))

def ridge_gradient(x, y, w, b, lambda_):
    off = x @ w + b - y
    return x.T @ off / len(y) + FACTOR * w / len(y), off.mean()
"""


@pytest.mark.parametrize(("factor", "verdict"), [("lambda_", Verdict.PASS), ("1", Verdict.FAIL)])
def test_a_penalty_that_only_the_gradient_has_to_be_told_is_no_upstream(tmp_path, factor, verdict):
    """The loss has a default for it: it was taken for dE/dO, and a right gradient failed."""
    file = tmp_path / "ridge.py"
    file.write_text(RIDGE.replace("FACTOR", factor))

    assert function_here(f"{file}:ridge_gradient").verdict == verdict
