"""The shapes that a forward asks for by what it raises."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.lengths_said import lengths_said
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.functions.inputs.relations import is_small


@pytest.mark.parametrize(
    ("said", "lengths"),
    [
        ("operands could not be broadcast together with shapes (3,5) (5,7) ", (5, 7)),
        ("operands could not be broadcast together with shapes (3,1) (3,7) ", ()),  # the column is spread
        ("matmul: Input operand 1 has a mismatch in its core dimension 0, (size 6 is different from 5)", (6, 5)),
        ("shapes (3,5) and (6,4) not aligned: 5 (dim 1) != 6 (dim 0)", (5, 6)),
        ("mat1 and mat2 shapes cannot be multiplied (3x5 and 6x4)", (5, 6)),
        ("The size of tensor a (5) must match the size of tensor b (6) at non-singleton dimension 1", (5, 6)),
        ("could not broadcast input array from shape (5,) into shape (3,)", (5, 3)),
        ("division by zero", ()),
    ],
)
def test_two_lengths_are_read_off_what_does_not_fit(said, lengths):
    """As numpy and torch say it."""
    assert lengths_said(ValueError(said)) == lengths


QUADRATIC = """
import numpy as np

def bowl(x, A, b):
    return 0.5 * x @ A @ x - b @ x

def bowl_grad(x, A, b):
    return 0.5 * (A + A.T) @ x - b
"""


def test_a_vector_beside_a_square_matrix_is_found_without_a_name(tmp_path):
    """All lengths are one, and the forward gives a number: on matrices of unequal sides it would not."""
    file = tmp_path / "bowl.py"
    file.write_text(QUADRATIC)

    report = function_here(f"{file}:bowl_grad")

    assert (report.verdict, report.inputs.partition(" (")[0]) == (Verdict.PASS, "x 3, A 3x3, b 3")


@pytest.mark.parametrize("slip", [("0.5 * (A + A.T) @ x", "A @ x"), ("- b\n", "\n"), ("0.5 * (A + A.T)", "(A + A.T)")])
def test_what_is_wrong_there_fails(tmp_path, slip):
    """A is not symmetric."""
    file = tmp_path / "bowl.py"
    before, after = QUADRATIC.split("def bowl_grad")
    file.write_text(before + "def bowl_grad" + after.replace(*slip))

    assert function_here(f"{file}:bowl_grad").verdict is Verdict.FAIL


CHECKED = """
import numpy as np

def fit_loss(theta, A, t):
    if len(theta) != A.shape[1] + 1:
        raise ValueError("one number for each column, and one more")
    return np.mean((A @ theta[:-1] + theta[-1] - t) ** 2)

def fit_loss_grad(theta, A, t):
    if len(theta) != A.shape[1] + 1:
        raise ValueError("one number for each column, and one more")
    rest = A @ theta[:-1] + theta[-1] - t
    return 2 * np.append(A.T @ rest, rest.sum()) / len(t)
"""

CELL = """
import numpy as np

def cell_forward(x, s, U, V, c):
    k = s.shape[0]
    z = U @ x + V @ s + c
    keep, new = 1 / (1 + np.exp(-z[:k])), np.tanh(z[k:2 * k])
    return keep * s + new * z[2 * k:], (x, s, z, keep, new)

def cell_backward(dout, cache, U, V):
    x, s, z, keep, new = cache
    k = s.shape[0]
    dz = np.concatenate([dout * s * keep * (1 - keep), dout * z[2 * k:] * (1 - new ** 2), dout * new])
    return U.T @ dz, V.T @ dz + dout * keep, np.outer(dz, x), np.outer(dz, s), dz
"""

TURNS = """
import numpy as np

def turns_loss(w, turns, X):
    total = 0.0
    for turn in turns:
        ahead = X[turn] @ w
        total += np.log(np.exp(ahead).sum()) - ahead[0]
    return total

def turns_loss_grad(w, turns, X):
    grad = np.zeros(X.shape[1])
    for turn in turns:
        odds = np.exp(X[turn] @ w)
        grad += odds @ X[turn] / odds.sum() - X[turn][0]
    return grad
"""


@pytest.mark.parametrize(
    ("code", "name", "inputs"),
    [
        (CHECKED, "fit_loss_grad", "theta 4"),  # the condition says one more than columns
        (CELL, "cell_backward", "U 9x"),  # three times as many rows as the state is long
        (TURNS, "turns_loss_grad", "w 3"),  # lists of rows
    ],
)
def test_lengths_of_others_and_places_are_what_the_code_asks_for(tmp_path, code, name, inputs):
    """No name tells them."""
    file = tmp_path / "asked.py"
    file.write_text(code)

    report = function_here(f"{file}:{name}")

    assert report.verdict is Verdict.PASS, (report.inputs, inputs)


@pytest.mark.parametrize(("axes", "small"), [("3 7", True), ("47 43", True), ("47 43 39", False), ("d 29295", False)])
def test_what_may_fill_the_memory_is_not_asked(axes, small):
    """`c.reshape(-1, 1) * a` of two large arrays took 5 GiB, of a length that was a product of three."""
    assert is_small({"a": Proposal("real", axes), "k": Proposal("keep")}) is small


SEQUENCE = """
import numpy as np

def step(xt, before, weights):
    return np.tanh(weights["Wx"] @ xt + weights["Wh"] @ before + weights["bh"])

def sequence_forward(x, h0, weights):
    states, now = [h0], h0
    for t in range(x.shape[2]):
        now = step(x[:, :, t], now, weights)
        states.append(now)
    return np.stack(states[1:], axis=2), (x, states, weights)

def sequence_backward(dh, cache):
    x, states, weights = cache
    dx, back = np.zeros_like(x), np.zeros_like(states[0])
    dWx, dWh, dbh = (np.zeros_like(weights[name]) for name in ("Wx", "Wh", "bh"))
    for t in reversed(range(x.shape[2])):
        dz = (dh[:, :, t] + back) * (1 - states[t + 1] ** 2)
        dx[:, :, t] = weights["Wx"].T @ dz
        back = weights["Wh"].T @ dz
        dWx += dz @ x[:, :, t].T
        dWh += dz @ states[PLACE].T
        dbh += dz.sum(axis=1, keepdims=True)
    return {"dx": dx, "dh0": back, "dWx": dWx, "dWh": dWh, "dbh": dbh}
"""


@pytest.mark.parametrize(("place", "verdict"), [("t", Verdict.PASS), ("t + 1", Verdict.FAIL)])
def test_a_bias_of_two_axes_is_a_column_beside_samples_in_columns(tmp_path, place, verdict):
    """A sequence whose steps are the last axis: eleven lengths, of which four are left."""
    file = tmp_path / "sequence.py"
    file.write_text(SEQUENCE.replace("PLACE", place))

    report = function_here(f"{file}:sequence_backward")

    assert (report.verdict, report.gradients["Wh"].verdict) == (verdict, verdict)
    assert all(report.gradients[name].verdict is Verdict.PASS for name in ("x", "h0", "Wx", "bh"))
    assert "bh 4x1" in report.inputs


BOTH = """
import numpy as np

def cell(xt, before, weights):
    both = np.concatenate((before, xt))
    return np.tanh(weights["Wa"] @ both + weights["ba"]) * np.tanh(weights["Wb"] @ both + weights["bb"])

def scan_forward(x, h0, weights):
    states, now = [h0], h0
    for t in range(x.shape[2]):
        now = cell(x[:, :, t], now, weights)
        states.append(now)
    return np.stack(states[1:], axis=2), (x, states, weights)

def scan_backward(dh, cache):
    x, states, weights = cache
    count = len(states[0])
    grads = {"d" + name: np.zeros_like(value) for name, value in weights.items()}
    dx, back = np.zeros_like(x), np.zeros_like(states[0])
    for t in reversed(range(x.shape[2])):
        both = np.concatenate((states[t], x[:, :, t]))
        a, b = (np.tanh(weights["W" + each] @ both + weights["b" + each]) for each in "ab")
        d = dh[:, :, t] + back
        da, db = d * b * (1 - a ** 2), d * a * (1 - b ** 2)
        for each, dz in (("a", da), ("b", db)):
            grads["dW" + each] += dz @ both.T
            grads["db" + each] += dz.sum(axis=1, keepdims=True)
        dboth = weights["Wa"].T @ da + weights["Wb"].T @ db
        back, dx[:, :, t] = dboth[:count], dboth[count:] FACTOR
    return {"dx": dx, "dh0": back, **grads}
"""


@pytest.mark.parametrize(("factor", "verdict"), [("", Verdict.PASS), ("* 2", Verdict.FAIL)])
def test_a_state_beside_its_input_is_as_long_as_both(tmp_path, factor, verdict):
    """The state that comes back after the first step tells which of its lengths was meant."""
    file = tmp_path / "scan.py"
    file.write_text(BOTH.replace("FACTOR", factor))

    report = function_here(f"{file}:scan_backward")

    assert (report.verdict, report.gradients["x"].verdict) == (verdict, verdict)
    assert all(report.gradients[name].verdict is Verdict.PASS for name in ("h0", "Wa", "ba", "Wb", "bb"))
    assert "h0 6x5, Wa 6x9" in report.inputs
