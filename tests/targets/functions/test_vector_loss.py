"""A loss of a vector of weights is asked with a vector, though its code runs on matrices as well."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

LOSSES = """
import numpy as np

class Cosh:
    def loss(self, X: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
        return float(np.mean(np.log(np.cosh(X @ w - y))))

    def gradient(self, X: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
        return X.T @ np.tanh(X @ w - y) / len(y)

def spread(guesses, seen):
    return np.mean((guesses - seen) ** 4)

def spread_gradient(guesses, seen):
    return 4 * (guesses - seen) ** 3 / len(guesses)

def huber_loss(y_pred, y_true, delta=1.0):
    gap = np.abs(y_pred - y_true)
    return np.mean(np.where(gap <= delta, 0.5 * gap ** 2, delta * (gap - 0.5 * delta)))

def huber_loss_gradient(y_pred, y_true, delta=1.0):
    gap = y_pred - y_true
    return np.where(np.abs(gap) <= delta, gap, delta * np.sign(gap)) / len(y_pred)

def skewed(guesses, seen):
    return np.mean((guesses - seen) ** 4)

def skewed_gradient(guesses, seen):
    return 3 * (guesses - seen) ** 3 / len(guesses)

class Unshared(Cosh):
    def gradient(self, X, y, w):
        return X.T @ np.tanh(X @ w - y)

class Matrices(Cosh):
    def gradient(self, X, y, w):
        return X.T @ np.tanh(X @ w - y) / y.size
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """From a target's name to its report; it runs in this process."""
    file = tmp_path_factory.mktemp("losses") / "losses.py"
    file.write_text(LOSSES)
    return lambda name: function_here(f"{file}:{name}")


def test_the_mean_of_a_vector_is_right_where_there_is_a_vector(judged):
    """The report says that matrices run as well, and that the gradient is not right there; X is data."""
    report = judged("Cosh")
    assert {name: result.verdict for name, result in report.gradients.items()} == {"w": Verdict.PASS}
    assert any("taken as vectors" in note for note in report.notes)


def test_two_vectors_that_are_compared_are_vectors_both(judged):
    """No table of data is among them: predictions beside what was seen."""
    report = judged("spread")
    assert {name: result.verdict for name, result in report.gradients.items()} == {"guesses": Verdict.PASS}
    assert any(note.startswith("guesses and seen taken as vectors") for note in report.notes)
    assert judged("skewed").gradients["guesses"].verdict is Verdict.FAIL


def test_shares_have_no_other_values_to_take_a_branch_with(judged):
    """Predictions between 0 and 1 stay there, so the power of a loss with two branches is that of its samples."""
    report = judged("huber_loss_gradient")
    assert report.gradients["y_pred"].verdict is Verdict.PASS
    assert report.power is not None


def test_what_is_wrong_with_vectors_too_fails(judged):
    """No other inputs make it right."""
    report = judged("Unshared")
    assert report.gradients["w"].verdict is Verdict.FAIL


def test_what_is_right_with_matrices_is_asked_with_them(judged):
    """They tell more."""
    report = judged("Matrices")
    assert report.gradients["w"].verdict is Verdict.PASS
    assert not any("taken as vectors" in note for note in report.notes)


DESCENT = """
import numpy as np

class Descent:
    def _gap(self, X, y, w):
        return X @ w - y

    def ridge_cost(self, X, y, w, alpha=0.5):
        return np.mean(self._gap(X, y, w) ** 2) / 2 + alpha * np.sum(w ** 2)

    def ridge_grad(self, X, y, w, alpha=0.5):
        return X.T @ self._gap(X, y, w) / len(y) + TIMES * alpha * w

    def huber_cost(self, X, y, w, delta=1.0):
        gap = np.abs(self._gap(X, y, w))
        return np.mean(np.where(gap <= delta, 0.5 * gap ** 2, delta * (gap - 0.5 * delta)))

    def huber_grad(self, X, y, w, delta=1.0):
        gap = self._gap(X, y, w)
        return X.T @ np.where(np.abs(gap) <= delta, gap, delta * np.sign(gap)) / len(y)
"""


@pytest.mark.parametrize(("times", "verdict"), [("2", Verdict.PASS), ("1", Verdict.FAIL)])
def test_methods_are_given_the_same_settings(tmp_path, times, verdict):
    """A delta that is varied reaches the gradient; an alpha that the cost takes too is no learning rate."""
    file = tmp_path / "descent.py"
    file.write_text(DESCENT.replace("TIMES", times))
    assert function_here(f"{file}:Descent.huber_grad").verdict is Verdict.PASS
    assert function_here(f"{file}:Descent.ridge_grad").verdict is verdict


DRIFT = """
import numpy as np

def drift(u, c, k, n):
    for _ in range(n):
        u = u - c * k * (u - np.roll(u, 1))
    return u

def drift_cost(u, c, k, n, goal):
    return np.sum((drift(u, c, k, n) - goal) ** 2)

def drift_cost_grad(u, c, k, n, goal):
    us = [u]
    for _ in range(n):
        us.append(us[-1] - c * k * (us[-1] - np.roll(us[-1], 1)))
    lam = 2 * (us[-1] - goal)
    gc = 0.0
    for m in reversed(range(n)):
        gc -= k * np.dot(lam, us[m] - np.roll(us[m], 1))
        lam = lam - c * k * (lam - np.roll(lam, SHIFT))
    return lam, gc
"""


@pytest.mark.parametrize(("shift", "verdict"), [("-1", Verdict.PASS), ("1", Verdict.FAIL)])
def test_what_is_added_up_to_a_number_is_one_of_a_number(tmp_path, shift, verdict):
    """And where nothing moves, as between one number and its neighbours, nothing is right."""
    file = tmp_path / "drift.py"
    file.write_text(DRIFT.replace("SHIFT", shift))
    report = function_here(f"{file}:drift_cost_grad")
    assert {name: each.verdict for name, each in report.gradients.items()} == {"u": verdict, "c": verdict}
    if verdict is Verdict.FAIL:
        assert next(each.id for each in report.findings if each.gradient == "u") == "axes-transposed"


OF_BATCHES = """
import numpy as np

class Cost:
    def __init__(self):
        self.predicted = None
        self.wanted = None

    def batch_length(self):
        return len(self.predicted)

class Quartic(Cost):
    def value(self):
        return np.MEAN((self.predicted - self.wanted) ** 4)OVER

    def gradient(self):
        return 4 * (self.predicted - self.wanted) ** 3 / self.batch_length()

class Chances(Cost):
    def value(self):
        p, t = self.predicted, self.wanted
        return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))

    def gradient(self):
        p, t = self.predicted, self.wanted
        return (p - t) / (p * (1 - p)) / p.size
"""


@pytest.mark.parametrize(
    ("mean", "over", "verdict"),
    [("sum", " / self.batch_length()", Verdict.PASS), ("mean", "", Verdict.FAIL), ("sum", "", Verdict.FAIL)],
)
def test_what_divides_by_its_batch_is_asked_with_columns(tmp_path, mean, over, verdict):
    """Predictions and what they are compared with, both set from outside, have rows and columns of one shape."""
    file = tmp_path / "costs.py"
    file.write_text(OF_BATCHES.replace("MEAN", mean).replace("OVER", over))
    report = function_here(f"{file}:Quartic")
    assert report.gradients["predicted"].verdict is verdict
    assert "predicted 3x5, wanted 3x5" in report.inputs


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_asked_for_logarithms_of_both_chances_is_between_0_and_1(tmp_path):
    """On positive numbers `1 - p` has none."""
    file = tmp_path / "costs.py"
    file.write_text(OF_BATCHES.replace("MEAN", "sum").replace("OVER", ""))
    assert function_here(f"{file}:Chances").verdict is Verdict.PASS


PAIRED = """
import numpy as np

def paired_loss(left, right, same, reach=0.5):
    gap = left - right
    squares = (gap ** 2).sum(axis=1)
    far = np.sqrt(squares)
    short = np.maximum(0, reach - far)
    slope = TIMES * same - 2 * (1 - same) * short / np.maximum(far, 1e-12)
    dleft = slope[:, None] * gap / len(left)
    return np.mean(same * squares + (1 - same) * short ** 2), dleft, -dleft
"""


@pytest.mark.parametrize(("times", "verdict"), [("2", Verdict.PASS), ("1", Verdict.FAIL)])
def test_a_loss_of_rows_is_asked_with_rows(tmp_path, times, verdict):
    """It runs on rows of rows as well, where its mean is another; what is wrong with rows fails."""
    file = tmp_path / "paired.py"
    file.write_text(PAIRED.replace("TIMES", times))
    report = function_here(f"{file}:paired_loss")
    assert report.verdict is verdict
    assert any("taken with an axis less" in note for note in report.notes) is (verdict is Verdict.PASS)
