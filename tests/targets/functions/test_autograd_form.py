"""A Function as it is called, beside the usual way."""

import numpy as np
import pytest
import torch
from torch.autograd.function import once_differentiable

from gradcheck_cli.targets.functions.autograd import AutogradForm
from gradcheck_cli.targets.functions.form import BackwardError
from gradcheck_cli.targets.functions.reading import names_of_rest, written_as_none

X, ONES = np.array([2.0, 3.0]), np.ones(2)


class Cubed(torch.autograd.Function):
    """Keeps what it was given."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        return 3 * ctx.saved_tensors[0] ** 2 * g


class Kept(Cubed):
    """Keeps a square, which is a constant to whoever differentiates again."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x**2)
        return x**3

    @staticmethod
    def backward(ctx, g):
        return 3 * ctx.saved_tensors[0] * g


class Once(Cubed):
    """Says that it is no derivative to go on from."""

    backward = staticmethod(once_differentiable(Cubed.backward))


class Added(torch.autograd.Function):
    """Writes into its first argument and says so."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.mark_dirty(x)
        return x.add_(y)

    @staticmethod
    def backward(ctx, g):
        return g, g


def test_a_second_derivative_by_hand():
    """6 x; 0 where the square was kept; refused where the Function says so."""
    twice = [AutogradForm(kind, "").run_twice({"x": X}, [ONES], {"x": ONES}) for kind in (Cubed, Kept)]
    assert [12.0, 18.0] == list(twice[0].gradients["x"])
    assert {} == twice[1].gradients
    with pytest.raises(BackwardError, match="once_differentiable"):
        AutogradForm(Once, "").run_twice({"x": X}, [ONES], {"x": ONES})


def test_what_it_says_that_it_writes_to_is_no_leaf_and_no_mutation():
    """autograd refuses a leaf there, and the argument of the user is a copy."""
    ran = AutogradForm(Added, "ctx.mark_dirty(x)").run({"x": X, "y": ONES}, [X])
    assert ([3.0, 4.0], [2.0, 3.0], ()) == (list(ran.outputs[0]), list(ran.gradients["y"]), ran.mutated)


SOURCE = """
class Gate(Function):
    @staticmethod
    def forward(ctx, *args):
        x, gate = args
        return x * gate

    @staticmethod
    def backward(ctx, g):
        if ctx.is_short:
            return g, None
        return g * 2, None
"""


def test_names_of_what_is_taken_as_a_row_are_read():
    """Only of the class that is asked about."""
    assert ["x", "gate"] == names_of_rest(SOURCE, "Gate")
    assert [] == names_of_rest(SOURCE, "Other")


def test_a_none_in_every_return_is_one():
    """What is a gradient in one of them has a gradient."""
    assert {1} == written_as_none(SOURCE, "Gate")
    assert set() == written_as_none(SOURCE.replace("g, None", "g, g"), "Gate")
    assert {1} == written_as_none(SOURCE.replace("return g, None", "nothing = None; return g, nothing"), "Gate")
    assert set() == written_as_none(SOURCE.replace("return g, None", "some = None; some = g; return g, some"), "Gate")


class Powered(torch.autograd.Function):
    """Asks whether the gradient of what has a default is wanted."""

    @staticmethod
    def forward(ctx, x, power=3.0, steps=1):
        ctx.save_for_backward(x)
        ctx.power = power
        return x**power

    @staticmethod
    def backward(ctx, g):
        assert ctx.needs_input_grad[1:] == (False, False)
        return ctx.power * ctx.saved_tensors[0] ** (ctx.power - 1) * g, None, None


def test_defaults_are_handed_too():
    """`needs_input_grad` is as long as the arguments that apply was handed: its author's calls hand all."""
    ran = AutogradForm(Powered, "").run({"x": X}, [ONES])

    assert ran.gradients["x"].tolist() == [12.0, 27.0]
