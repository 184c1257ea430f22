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
