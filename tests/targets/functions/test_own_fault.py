"""Which exceptions are the fault of the line that raised, whatever it is asked."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gradcheck_cli.targets.functions.inputs.own_fault import is_own_fault

CODE = """
import numpy as np


class Layer:
    def __init__(self):
        self.t = None


class Number:
    def __init__(self, data):
        self.shap = data

    def __mul__(self, other):
        return self


def halve(a, b):
    return a / b


def pull(grad, w, halve_it, more=()):
    CALLED
"""


def raised(tmp_path, line, *given):
    """What a function raises whose body is this line, and its file."""
    file = tmp_path / "pull.py"
    file.write_text(CODE.replace("CALLED", line))
    held = {}
    exec(compile(file.read_text(), str(file), "exec"), held)
    with pytest.raises((TypeError, AttributeError, NameError, ValueError, IndexError)) as found:
        held["pull"](np.ones(3), np.ones(3), *given)
    return found.value, str(file)


@pytest.mark.parametrize(
    "line",
    [
        "return grad @ w.t",
        "return grad.chape[0]",
        "return halve(grad)",
        "return halve(grad, 2, 3)",
        "return grad * scale",
        "total = total + grad; return total",
    ],
)
def test_a_slip_of_the_pen_raises_whatever_it_is_given(tmp_path, line):
    """An attribute with a slip, a call of its own with too few arguments, a name from nowhere, or read too early."""
    assert is_own_fault(*raised(tmp_path, line, None))


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("return grad.numpy().sum()", None),  # of a tensor
        ("return w.weights * grad", None),  # of an object of the user's
        ("return w.shap * grad", None),  # this one has it
        ("return halve_it(grad)", lambda grad, other: grad),  # what is handed over
        ("return halve(grad, *more)", None),  # with what is handed over
        ("return np.dot(grad, np.ones(4))", None),
        ("return grad[w > 5][0]", None),
        ("for each in grad:\n        if each > 5: last = each\n        if each < 5: return last", None),
    ],
)
def test_what_other_arguments_would_not_raise_is_not_its_fault(tmp_path, line, given):
    """Then nothing is proved of the code."""
    assert not is_own_fault(*raised(tmp_path, line, given))


def test_what_it_was_called_with_wrongly_is_not_its_fault(tmp_path):
    """The call stands in no line of the file."""
    _, file = raised(tmp_path, "return grad @ w.t", None)
    held = {}
    exec(compile(Path(file).read_text(), file, "exec"), held)
    with pytest.raises(TypeError) as found:
        held["pull"](np.ones(3))
    assert not is_own_fault(found.value, file)


FUNCTION = """
import torch


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, power):
        ctx.save_for_backward(x)
        ctx.power = power
        return x**power

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.KEPT
        return RETURNED
"""


@pytest.mark.parametrize(
    ("kept", "returned", "is_own"),
    [
        ("saved_tensor", "grad * x, None", True),
        ("saved_tensors", "grad * ctx.pow * x, None", True),
        ("saved_tensors", "grad * x, None, grad", True),
        ("saved_tensors", "grad * x, grad.sum()", False),  # a tensor may be meant
        ("saved_tensors", "torch.dot(grad, torch.ones(9)), None", False),
    ],
)
def test_what_a_context_never_holds_and_gradients_of_nothing(tmp_path, kept, returned, is_own):
    """What torch or the file writes is there; so many are owed as the forward is given."""
    file = tmp_path / "cube.py"
    file.write_text(FUNCTION.replace("KEPT", kept).replace("RETURNED", returned))
    held = {}
    exec(compile(file.read_text(), str(file), "exec"), held)
    x = torch.ones(3, requires_grad=True)
    with pytest.raises((RuntimeError, AttributeError)) as found:
        held["Cube"].apply(x, 3).sum().backward()
    assert is_own_fault(found.value, str(file)) is is_own
