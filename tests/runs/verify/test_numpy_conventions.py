"""What numpy code on the web takes for granted: sums that somebody else takes, labels, switches that keep nothing."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

LAYERS = '''
import numpy as np

def cell_forward(u, prev_s, Wu, Ws, b):
    s = np.tanh(u @ Wu + prev_s @ Ws + b)
    return s, (u, prev_s, Wu, Ws, s)

def cell_backward(ds, cache):
    u, prev_s, Wu, Ws, s = cache
    da = ds * (1 - s ** 2)
    return da @ Wu.T, da @ Ws.T, u.T @ da, prev_s.T @ da, da

class Unsummed:
    def __init__(self, fan_in, fan_out):
        self.W, self.b = np.random.randn(fan_in, fan_out), np.zeros((1, fan_out))

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW, self.db = self.x.T @ grad, grad
        return grad @ self.W.T

class RowLosses:
    def forward(self, guesses, targets):
        return ((guesses - targets) ** 2).sum(axis=1)

    def backward(self, guesses, targets):
        return 2 * (guesses - targets) / len(guesses)

class RowLossesTwice(RowLosses):
    def backward(self, guesses, targets):
        return 4 * (guesses - targets) / len(guesses)

class Shares:
    """Y holds a row of shares for each sample."""

    def forward(self, A, Y):
        self.A, self.Y = A, Y
        e = np.exp(A)
        self.p = e / e.sum(axis=1, keepdims=True)
        return -(Y * np.log(self.p)).sum() / len(A)

    def backward(self):
        return (self.p - self.Y) / len(self.A)

class Forgetful:
    def __init__(self):
        self.kept = []

    def forward(self, X, keep_inputs=True):
        if keep_inputs:
            self.kept.append(X)
        return X ** 3

    def backward(self, dLdy):
        found = [3 * X ** 2 * dLdy for X in self.kept]
        return found[0] if len(found) == 1 else found
'''


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """From a target's name to its report; it runs in this process."""
    file = tmp_path_factory.mktemp("numpy") / "layers.py"
    file.write_text(LAYERS)
    return lambda name: function_here(f"{file}:{name}")


@pytest.mark.parametrize("name", ["cell_backward", "Unsummed"])
def test_a_bias_that_was_not_summed_over_is_wrong_though_one_of_the_outputs_shape_would_fit(judged, name):
    """A bias with a row for each sample is not what anybody means."""
    report = judged(name)
    wrong = [gradient for gradient, result in report.gradients.items() if result.verdict is Verdict.FAIL]
    assert wrong == ["b"]


def test_losses_by_rows_are_averaged_by_their_caller(judged):
    """The gradient of their mean is right, and the report says what it is of; twice that is neither mean nor sum."""
    report = judged("RowLosses")
    assert report.verdict is Verdict.PASS
    assert any("the gradient of their mean" in note for note in report.notes)
    assert judged("RowLossesTwice").verdict is Verdict.FAIL


def test_shares_are_no_labels(judged):
    """A row of whole numbers would broadcast over the classes, and mean nothing."""
    report = judged("Shares")
    assert report.verdict is Verdict.PASS
    assert report.inputs.startswith("A 3x5, Y 3x5")


def test_a_switch_with_which_nothing_is_kept_is_not_asked_about(judged):
    """Then there is no gradient, and nobody wants one."""
    assert judged("Forgetful").verdict is Verdict.PASS


SPREAD = '''
import numpy as np

class Shelf:
    """Its tare is a row, and the gradient of it a vector."""

    def __init__(self, fan_in, fan_out):
        self.W, self.tare = np.random.randn(fan_in, fan_out), np.zeros((1, fan_out))

    def forward(self, crates):
        self.crates = crates
        return crates @ self.W + self.tare

    def backward(self, grad):
        self.dW, self.dtare = self.crates.T @ grad, FACTOR * grad.sum(axis=0)
        return grad @ self.W.T

class Scales:
    """Its gamma begins as one number, and the first update makes a row of it."""

    def __init__(self, gamma=1.0):
        self.gamma = gamma

    def forward(self, crates):
        self.crates = crates
        return self.gamma * crates ** 2

    def backward(self, grad):
        self.dgamma = FACTOR * (grad * self.crates ** 2).sum(axis=0)
        return 2 * self.gamma * self.crates * grad
'''


@pytest.mark.parametrize(("name", "gradient"), [("Shelf", "tare"), ("Scales", "gamma")])
@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_a_vector_is_the_gradient_of_a_row_and_of_a_number_that_becomes_one(tmp_path, name, gradient, factor, verdict):
    """The numbers decide: no update of numpy sees the difference."""
    (tmp_path / "shelf.py").write_text(SPREAD.replace("FACTOR", factor), encoding="utf-8")
    report = function_here(f"{tmp_path / 'shelf.py'}:{name}")
    assert (report.verdict, report.gradients[gradient].verdict) == (verdict, verdict)


def test_the_shape_of_a_vector_in_the_place_of_a_row_is_said(tmp_path):
    """Who compares shapes would find them unequal."""
    (tmp_path / "shelf.py").write_text(SPREAD.replace("FACTOR", "1"), encoding="utf-8")
    notes = function_here(f"{tmp_path / 'shelf.py'}:Shelf").notes
    assert "grad_tare has the shape (6,), tare has (1, 6): numpy spreads the one over the other" in notes
