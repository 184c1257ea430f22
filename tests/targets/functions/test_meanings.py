"""What a name may mean: a number or an array, data or what is derived by, a method of either direction."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

CHANCES = """
import numpy as np

def surprise(p, t):
    return -np.sum(t * np.log(p))

def surprise_grad(p, t):
    return GRADIENT
"""


@pytest.mark.filterwarnings("ignore:invalid value encountered in log")
@pytest.mark.parametrize(("gradient", "verdict"), [("-t / p", Verdict.PASS), ("t / p", Verdict.FAIL)])
def test_what_may_be_a_number_or_an_array_is_an_array_where_a_number_makes_it_wrong(tmp_path, gradient, verdict):
    """`p` is a usual number of a dropout; the gradient of wrong code is that of the array, too."""
    file = tmp_path / "surprise.py"
    file.write_text(CHANCES.replace("GRADIENT", gradient))

    report = function_here(f"{file}:surprise_grad")

    assert {"p": verdict} == {name: result.verdict for name, result in report.gradients.items()}


TILTED = """
import numpy as np

def tilted(preds, outputs, level):
    rest = outputs - preds
    return np.where(rest > 0, level * rest, (level - 1) * rest)

def tilted_grad(preds, outputs, level):
    return np.where(outputs > preds, -level, RIGHT)
"""


@pytest.mark.parametrize(("right", "verdict"), [("1 - level", Verdict.PASS), ("level", Verdict.FAIL)])
def test_what_a_prediction_is_compared_with_is_data(tmp_path, right, verdict):
    """Though it is called an output: the other one is called a prediction and has its shape."""
    file = tmp_path / "tilted.py"
    file.write_text(TILTED.replace("RIGHT", right))

    report = function_here(f"{file}:tilted_grad")

    assert {"preds": verdict} == {name: result.verdict for name, result in report.gradients.items()}
    assert "no gradient of outputs, level is returned: taken as data, not judged" in report.notes


BENT = """
import numpy as np

class Bent:
    def output(self, x):
        raise NotImplementedError

    def derivative(self, x):
        raise NotImplementedError

class Hump(Bent):
    def output(self, x):
        return np.exp(-x ** 2)

    def derivative(self, x):
        return -2 * x * np.exp(-x ** 2)

class Slide(Bent):
    def output(self, x):
        return x / (1 + np.abs(x))

    def derivative(self, x):
        return 1 / (1 + np.abs(x))
"""


def test_a_derivative_goes_with_the_only_method_that_takes_the_same(tmp_path):
    """Whatever that is called; methods that a base only announces are none."""
    file = tmp_path / "bent.py"
    file.write_text(BENT)

    assert function_here(f"{file}:Hump").verdict is Verdict.PASS
    assert function_here(f"{file}:Slide").verdict is Verdict.FAIL


SWING = """
import numpy as np

def swing(t, state, drag=0.5):
    angle, speed = state
    return np.array([speed, -np.sin(angle) - drag * speed])

def swing_jacobian(t, state, drag=0.5):
    angle, speed = state
    table = np.array([[0.0, 1.0], [WRONG np.cos(angle), -drag]])
    return table
"""


@pytest.mark.parametrize(("sign", "verdict"), [("-", Verdict.PASS), ("", Verdict.FAIL)])
def test_a_jacobian_is_of_the_argument_whose_shape_it_has(tmp_path, sign, verdict):
    """The first argument may have any length: it is not used."""
    file = tmp_path / "swing.py"
    file.write_text(SWING.replace("WRONG ", sign))

    report = function_here(f"{file}:swing_jacobian")

    assert {"state": verdict} == {name: result.verdict for name, result in report.gradients.items()}


ODDS = """
import numpy as np

def row_likelihood(z, th):
    return -np.log1p(np.exp(-(z * th).sum(axis=1)))

def grad_row_likelihood(z, th):
    m = (z * th).sum(axis=1)
    return (1 / (1 + np.exp(m)))[:, None] * z
"""


def test_an_unnamed_gradient_of_a_total_is_of_the_argument_whose_derivative_it_is(tmp_path):
    """Each row is the derivative of one likelihood by the second argument."""
    file = tmp_path / "odds.py"
    file.write_text(ODDS)

    report = function_here(f"{file}:grad_row_likelihood")

    assert {"th": Verdict.PASS} == {name: result.verdict for name, result in report.gradients.items()}


SURVIVAL = """
import numpy as np

def survival(X, duration, died, beta):
    order = np.argsort(-duration)
    risk = (X @ beta)[order]
    seen = died[order]
    loss, gradient, total, moved = 0.0, np.zeros_like(beta), 0.0, np.zeros_like(beta)
    for i, row in enumerate(X[order]):
        total += np.exp(risk[i])
        moved += row * np.exp(risk[i])
        if seen[i] == 1:
            loss += np.log(total) - risk[i]
            gradient += SIGN moved / total - row
    return loss, gradient
"""


@pytest.mark.parametrize(("sign", "verdict"), [("", Verdict.PASS), ("2 *", Verdict.FAIL)])
def test_what_is_asked_whether_it_is_1_says_yes_or_no(tmp_path, sign, verdict):
    """Of other numbers none is 1: nobody died, and the loss would not use its weights."""
    file = tmp_path / "survival.py"
    file.write_text(SURVIVAL.replace("SIGN ", sign))

    report = function_here(f"{file}:survival")

    assert {"beta": verdict} == {name: result.verdict for name, result in report.gradients.items()}
    assert not any(finding.id == "unused-in-forward" for finding in report.findings)


NET = """
import numpy as np

def squeeze(o):
    e = np.exp(o - o.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def surprise_loss(P, y):
    return -np.sum(y * np.log(P)) / len(y)

def forward(x, W1, b1, W2, b2):
    # x: (batch, 784)
    U = x @ W1.T + b1.T  # (batch, 40)
    Z = np.maximum(0, U)
    return squeeze(Z @ W2.T + b2.T), Z, U

def gradient(x, y, P, Z, U, W2, batch_size):
    up = (P - y) / batch_size
    dW2 = up.T @ Z
    db2 = FACTOR up.sum(axis=0).reshape(-1, 1)
    back = up @ W2 * (U > 0)
    return back.T @ x, back.sum(axis=0).reshape(-1, 1), dW2, db2
"""


@pytest.mark.parametrize(("factor", "wrong"), [("", set()), ("2 *", {"b2"})])
def test_a_network_is_handed_back_what_its_forward_calls_so(tmp_path, factor, wrong):
    """And the number of rows; lengths of examples in comments are no lengths, and targets are no places of a row."""
    file = tmp_path / "net.py"
    file.write_text(NET.replace("FACTOR ", factor))

    report = function_here(f"{file}:gradient")

    assert {"W1", "b1", "W2", "b2"} == report.gradients.keys()
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
    assert "Z = output 3" in report.why


FREE = """
import numpy as np

class Affine:
    def __init__(self, n_in, n_out, with_offset=True):
        self.M = np.random.randn(n_in, n_out)
        self.offset = np.random.randn(n_out) if with_offset else None

    def forward(self, x):
        self.x = x
        return x @ self.M if self.offset is None else x @ self.M + self.offset

    def backward(self, up):
        self.grad_M = self.x.T @ up
        if self.offset is not None:
            self.grad_offset = up.sum(axis=0)
        return up @ self.M.T
"""


def test_no_gradient_is_owed_of_what_an_object_does_not_hold_with_a_setting(tmp_path):
    """Without an offset there is none; the others are right there."""
    file = tmp_path / "free.py"
    file.write_text(FREE)

    report = function_here(f"{file}:Affine")

    assert report.verdict is Verdict.PASS
    (without,) = [sample for sample in report.samples if "with_offset False" in sample.text]
    assert {"x": "pass", "M": "pass", "offset": "not-applicable"} == {
        name: verdict.value for name, verdict in without.gradients.items()
    }
    assert report.geometries.tried == report.geometries.right


CHOSEN = """
import torch

class Chosen(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scores, target):
        chances = torch.softmax(scores, 1)
        ctx.save_for_backward(chances, target)
        return -torch.log(chances[torch.arange(len(target)), target]).mean()

    @staticmethod
    def backward(ctx, up):
        chances, target = ctx.saved_tensors
        slope = chances.clone()
        slope[torch.arange(len(target)), target] -= 1
        return up * slope / len(target), None
"""


def test_rows_of_rows_are_not_asked_with_labels_of_rows(tmp_path):
    """There the labels would count another axis."""
    file = tmp_path / "chosen.py"
    file.write_text(CHOSEN)
    assert function_here(f"{file}:Chosen").verdict is Verdict.PASS


COMPARED = """
import numpy as np

TINY = 1e-15

def crossentropy(y_true, y_pred):
    y_pred = np.clip(y_pred, TINY, 1 - TINY)
    return -np.mean(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))

def crossentropy_prime(y_true, y_pred):
    y_pred = np.clip(y_pred, TINY, 1 - TINY)
    return ((1 - y_true) / (1 - y_pred) - y_true / y_pred) / y_true.size
"""


def test_a_loss_in_one_word_is_a_loss(tmp_path):
    """Its prediction is a chance; on normal numbers the clip would be all there is."""
    file = tmp_path / "compared.py"
    file.write_text(COMPARED)
    assert function_here(f"{file}:crossentropy_prime").verdict is Verdict.PASS


PAIRED = """
import numpy as np

def squash(z):
    return 1 / (1 + np.exp(-z))

def closeness(word, beside, others, inner, outer):
    v, u, rest = inner[word], outer[beside], outer[others]
    loss = -np.log(squash(u @ v)) - np.log(squash(-rest @ v)).sum()
    d_inner, d_outer = np.zeros_like(inner), np.zeros_like(outer)
    d_inner[word] = (squash(u @ v) - 1) * u SIGN squash(rest @ v) @ rest
    d_outer[beside] += (squash(u @ v) - 1) * v
    np.add.at(d_outer, others, squash(rest @ v)[:, None] * v)
    return loss, d_inner, d_outer
"""


@pytest.mark.parametrize(("sign", "wrong"), [("+", set()), ("-", {"inner"})])
def test_what_others_choose_rows_of_is_a_table(tmp_path, sign, wrong):
    """By its use, as no name says it; what chooses is one whole number, or several."""
    file = tmp_path / "paired.py"
    file.write_text(PAIRED.replace("SIGN", sign))

    report = function_here(f"{file}:closeness")

    assert {"inner", "outer"} == report.gradients.keys()
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}


SCALAR = """
import math

import numpy as np

def chance(t):
    return 1 / (1 + math.exp(-t))

def surprise_loss(x, y, beta):
    p = chance(sum(a * b for a, b in zip(x, beta)))
    return -math.log(p) if y == 1 else -math.log(1 - p)

def surprise_loss_gradient(x, y, beta):
    off = chance(sum(a * b for a, b in zip(x, beta))) - y
    return [off * each for each in x]

def swing_energy(theta, omega, length=1.0):
    return 0.5 * (length * omega) ** 2 + 9.81 * length * (1 - np.cos(theta))

def swing_energy_grad(theta, omega, length=1.0):
    return 9.81 * length * np.sin(theta), LENGTH * omega
"""


def test_what_is_compared_with_1_by_itself_is_0_or_1(tmp_path):
    """A label of 4 is no label of such a loss."""
    file = tmp_path / "scalar.py"
    file.write_text(SCALAR.replace("LENGTH", "length ** 2"))
    report = function_here(f"{file}:surprise_loss_gradient")
    assert {"beta": Verdict.PASS} == {name: result.verdict for name, result in report.gradients.items()}


@pytest.mark.parametrize(("length", "wrong"), [("length ** 2", set()), ("length", {"omega"})])
def test_a_loss_of_entries_is_asked_with_arrays_that_are_alike(tmp_path, length, wrong):
    """One that is spread over the other would have a gradient that was never summed."""
    file = tmp_path / "scalar.py"
    file.write_text(SCALAR.replace("LENGTH", length))

    report = function_here(f"{file}:swing_energy_grad")

    assert {"theta", "omega"} == report.gradients.keys()
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}


PLACES = """
import numpy as np

class Places:
    def __init__(self, longest, width):
        self.table = np.random.randn(longest, width)

    def forward(self, x):
        self.x = x
        return x * self.table[:x.shape[1]]

    def backward(self, up):
        self.dtable = np.zeros_like(self.table)
        self.dtable[:self.x.shape[1]] = (up * self.x).TOTAL(axis=0)
        return up * self.table[:self.x.shape[1]]
"""


@pytest.mark.parametrize(("total", "verdict"), [("sum", Verdict.PASS), ("mean", Verdict.FAIL)])
def test_a_layer_that_is_right_on_many_of_what_it_runs_on_is_asked_with_many(tmp_path, total, verdict):
    """A note says where it runs and is not right; what is wrong on many is wrong."""
    file = tmp_path / "places.py"
    file.write_text(PLACES.replace("TOTAL", total))

    report = function_here(f"{file}:Places")

    assert report.gradients["table"].verdict is verdict
    assert any("has an axis more" in note for note in report.notes) is (verdict is Verdict.PASS)
