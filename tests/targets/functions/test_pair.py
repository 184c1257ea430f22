"""A forward and its backward: what is handed on, and what a gradient of a mean is."""

import numpy as np
import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.averaged import averages_over_columns, without_the_mean
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction


def leaky(x, slope=0.25):
    """A forward with a setting."""
    return np.where(x > 0, x, slope * x)


def leaky_grad(x, slope=0.25):
    """Its derivative, which takes the same setting."""
    return np.where(x > 0, 1.0, slope)


def test_a_setting_that_both_may_be_given_is_given_to_both():
    """Else the derivative is asked at its default beside a forward that is not."""
    x = np.array([[-2.0, 4.0]])
    form = next(
        PairForm(PlainFunction(leaky, None, "leaky"), PlainFunction(leaky_grad, None, "leaky_grad")).wirings({"x": x})
    )
    ran = form.run({"x": x, "slope": 0.5}, [np.ones((1, 2))])
    assert ran.outputs[0].tolist() == [[-1.0, 4.0]]
    assert ran.gradients["x"].tolist() == [[0.5, 1.0]]


@pytest.mark.parametrize(
    ("line", "is_mean"),
    [
        ("m = A.shape[1]; dW = 1.0 / m * dZ @ A.T", True),
        ("m = A.shape[1]; dW = dZ @ A.T / m", True),
        ("m = A.shape[0]; dW = A.T @ dZ / m", False),  # rows: the loss divides there
        ("m = A.shape[1]; dW = dZ @ A.T * m", False),
    ],
)
def test_the_mean_of_the_cost_is_told_by_its_columns(line, is_mean):
    """Only code whose samples are columns puts the 1/m of its cost into dW."""
    assert averages_over_columns(line) is is_mean


def test_only_parameters_are_means():
    """What has a column for each sample is the derivative by one sample."""
    arguments = {"A": np.zeros((5, 3)), "W": np.zeros((6, 5)), "b": np.zeros((6, 1))}
    grads = {name: np.ones_like(array) for name, array in arguments.items()}
    found = without_the_mean(grads, arguments, np.zeros((6, 3)))
    assert [float(found[name].flat[0]) for name in "AWb"] == [1.0, 3.0, 3.0]


POOL = """
import numpy as np

def tops_forward(a, side):
    k, h, w = a.shape
    cells = a.reshape(k, h // side, side, w // side, side).transpose(0, 1, 3, 2, 4).reshape(k, h // side, w // side, -1)
    return cells.max(-1), cells.argmax(-1)

def tops_backward(d_tops, where, a_shape, side):
    k, h, w = a_shape
    flat = np.zeros((k, h // side, w // side, side * side))
    np.put_along_axis(flat, where[..., None], d_tops[..., None], axis=3)
    TURN
    return flat.reshape(a_shape)

def spread(x, axis):
    return x / np.sum(x * x, axis=axis, keepdims=True), x * x

def spread_backward(grad, x, squares, axis, count):
    total = np.sum(squares, axis=axis, keepdims=True)
    assert count == x.shape[axis]
    return grad / total - 2 * x * np.sum(grad * x, axis=axis, keepdims=True) / total**2
"""


@pytest.mark.parametrize(
    ("turn", "verdict"),
    [
        ("flat = flat.reshape(*flat.shape[:3], side, side).transpose(0, 1, 3, 2, 4)", Verdict.PASS),
        ("pass", Verdict.FAIL),
    ],
)
def test_a_backward_may_be_handed_the_shape_of_an_argument(tmp_path, turn, verdict):
    """And whole numbers, where the code divides lengths by them."""
    file = tmp_path / "tops.py"
    file.write_text(POOL.replace("TURN", turn))
    report = function_here(f"{file}:tops_backward")
    assert report.verdict is verdict
    assert "a_shape = the shape of a" in report.why


def test_a_backward_may_be_handed_how_many_rows_or_columns_there_are(tmp_path):
    """Of which axis, is told by trial; then it is asked along that one alone."""
    file = tmp_path / "spread.py"
    file.write_text(POOL.replace("TURN", "pass"))
    report = function_here(f"{file}:spread_backward")
    assert report.verdict is Verdict.PASS
    assert "count = the columns of x" in report.why


@pytest.mark.parametrize(
    ("given", "adds", "verdict"),
    [
        ("weights, ids", "np.add.at(d, ids, dout)", Verdict.PASS),
        ("weights, ids", "d[ids] += dout", Verdict.FAIL),
        ("ids, weights", "np.add.at(d, ids, dout)", Verdict.PASS),
    ],
)
def test_a_table_is_made_of_its_two_lengths(tmp_path, given, adds, verdict):
    """`vocab_size` and `embed_dim` are the rows and the columns of the table that is looked up, at any place."""
    file = tmp_path / "table.py"
    file.write_text(f"""
import numpy as np

def lookup_forward({given}):
    return weights[ids]

def lookup_backward(ids, dout, vocab_size, embed_dim):
    d = np.zeros((vocab_size, embed_dim))
    {adds}
    return d
""")
    report = function_here(f"{file}:lookup_backward")
    assert report.verdict is verdict
    assert "vocab_size = the rows of weights, embed_dim = the columns of weights" in report.why


REGISTERED = """
import numpy as np

def matmul(a, b):
    return a @ b

def matmul_grad(grad_out, outputs, inputs):
    return [grad_out @ inputs[1].T, inputs[0].T @ grad_out]

def logsumexp(x):
    return np.log(np.exp(x).sum(axis=0))

def logsumexp_grad(grad_out, outputs, inputs):
    return grad_out * np.exp(inputs[0] - outputs) SLIP
"""


@pytest.mark.parametrize(("slip", "verdict"), [("", Verdict.PASS), ("/ len(inputs[0])", Verdict.FAIL)])
def test_a_gradient_that_is_registered_is_handed_outputs_and_all_inputs(tmp_path, slip, verdict):
    """`gradient(grad, outputs, inputs)`, as graphs call it: the inputs are a list."""
    file = tmp_path / "operations.py"
    file.write_text(REGISTERED.replace("SLIP", slip))

    assert function_here(f"{file}:matmul_grad").verdict == Verdict.PASS
    assert function_here(f"{file}:logsumexp_grad").verdict == verdict


DROPPED = """
import numpy as np

def dropout_forward(x, p=0.5, training=True):
    if not training:
        return x, None
    mask = np.random.rand(*x.shape) > p
    return x * mask / (1 - p), mask

def dropout_backward(dout, mask, p):
    return dout * mask / KEPT
"""


@pytest.mark.parametrize(("kept", "verdict"), [("(1 - p)", Verdict.PASS), ("p", Verdict.FAIL)])
def test_a_setting_that_the_forward_has_by_default_is_handed_to_a_backward_that_needs_it(tmp_path, kept, verdict):
    """At the default both are right; it is varied."""
    file = tmp_path / "dropped.py"
    file.write_text(DROPPED.replace("KEPT", kept))

    assert function_here(f"{file}:dropout_backward").verdict == verdict


LEARNED = """
import numpy as np


def bent(h, slope=0.2):
    return np.where(h < 0, slope * h, h)


def bent_backward(up, h, slope=0.2):
    dslope = OF_SLOPE
    dh = up * np.where(h < 0, slope, 1.0)
    return dh, dslope
"""


@pytest.mark.parametrize(
    ("of_slope", "verdict"),
    [
        ("np.sum(up * h * (h < 0))", Verdict.PASS),
        ("up * h * (h < 0)", Verdict.PASS),  # a slope for each entry
        ("np.sum(up * (h < 0))", Verdict.FAIL),
    ],
)
def test_what_has_a_default_and_a_gradient_is_no_setting(tmp_path, of_slope, verdict):
    """A slope that is learned is compared, though it may be left out."""
    file = tmp_path / "bent.py"
    file.write_text(LEARNED.replace("OF_SLOPE", of_slope))
    report = function_here(f"{file}:bent_backward")
    assert (report.verdict, set(report.gradients)) == (verdict, {"h", "slope"})


UNIT = """
import numpy as np


def unit(v):
    size = np.sqrt((v**2).sum(axis=1, keepdims=True))
    return v / size, size


def unit_backward(grad_n, n, size):
    return (grad_n - n * (n * grad_n).sum(axis=AXIS, keepdims=True)) / size
"""


@pytest.mark.parametrize(("axis", "verdict"), [("1", Verdict.PASS), ("0", Verdict.FAIL)])
def test_an_output_without_a_name_may_be_called_as_a_count_is(tmp_path, axis, verdict):
    """`n` is divided by nowhere, and makes no shape: it is what the forward returned."""
    file = tmp_path / "unit.py"
    file.write_text(UNIT.replace("AXIS", axis))
    report = function_here(f"{file}:unit_backward")
    assert report.verdict is verdict
    assert "(grad_n = dE/dO, n = the output, size = output 2)" in report.why


SHARES = """
import math


def shares(scores):
    top = max(scores)
    parts = [math.exp(each - top) for each in scores]
    return [each / sum(parts) for each in parts]


def shares_back(q, dq):
    mixed = sum(a * b for a, b in zip(q, dq))
    return [a * (b - MIXED) for a, b in zip(q, dq)]
"""


@pytest.mark.parametrize(("mixed", "cause"), [("mixed", ""), ("a * b", "diagonal-only")])
def test_what_stands_beside_its_own_gradient_is_the_output(tmp_path, mixed, cause):
    """`q` beside `dq`, and neither is called so in the forward: a wrong one was asked with the two exchanged."""
    file = tmp_path / "shares.py"
    file.write_text(SHARES.replace("MIXED", mixed))
    report = function_here(f"{file}:shares_back")
    assert {each.id for each in report.findings} == ({cause} if cause else set())
    assert "(q = the output, dq = dE/dO)" in report.why
