"""A call in other circumstances beside the plain one."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.checks.ladder.elsewhere import broken_elsewhere
from gradcheck_cli.model import FunctionOutcome
from gradcheck_cli.model.circumstances import Circumstances

PLAIN = FunctionOutcome(gradients={"x": np.array([1.0, 2.0]), "w": np.array([3.0])})


def broken(circumstances, outcome, wrong=True):
    """(id, gradient, message) of what differs."""
    found = broken_elsewhere(circumstances, PLAIN, outcome, lambda *_: wrong)
    return [(each.id, each.gradient, each.message) for each in found]


def other(**gradients):
    """An outcome with other gradients."""
    return FunctionOutcome(gradients={name: np.asarray(value, float) for name, value in gradients.items()})


@pytest.mark.parametrize(
    ("circumstances", "identifier"),
    [
        (Circumstances(upstream="expanded"), "strides-ignored"),
        (Circumstances(inputs="sliced"), "strides-ignored"),
        (Circumstances(filled=True), "uninitialised-memory"),
        (Circumstances(passes=2), "overwrites-upstream"),
        (Circumstances(wanted=("x",)), "needs-input-grad-wrong"),
    ],
)
def test_other_numbers_are_told_by_what_was_other(circumstances, identifier):
    """With how many of them, and where."""
    message = f"grad_x has other numbers in 1 of 2 entries where {circumstances.about}"
    assert [(identifier, "x", message)] == broken(circumstances, other(x=[1, 5], w=[3]))


def test_a_difference_that_rounding_explains_is_none():
    """Another layout may be added up in another order; NaN is no rounding."""
    circumstances = Circumstances(upstream="transposed")
    assert [] == broken(circumstances, other(x=[1, 2 + 1e-15], w=[3]), wrong=False)
    assert 1 == len(broken(circumstances, other(x=[1, np.nan], w=[3]), wrong=False))


def test_what_is_not_asked_for_may_be_anything():
    """Only x needs a gradient: that of w is nobody's business."""
    assert [] == broken(Circumstances(wanted=("x",)), other(x=[1, 2]))
    told = "where only w needs a gradient, no grad_w comes back"
    assert [("needs-input-grad-wrong", "w", told)] == broken(Circumstances(wanted=("w",)), other(x=[1, 2]))


def test_a_call_that_is_refused_is_told_only_where_a_saved_tensor_was_written_to():
    """A kernel may ask for contiguous arrays; autograd itself says when a saved one has changed."""
    refused = FunctionOutcome(error="RuntimeError: G must be contiguous", error_kind="raised", error_where="backward")
    assert [] == broken(Circumstances(upstream="transposed"), refused)
    written = FunctionOutcome(
        error="RuntimeError: one of the variables needed has been modified by an inplace operation",
        error_kind="raised",
    )
    assert ["overwrites-upstream"] == [identifier for identifier, *_ in broken(Circumstances(passes=2), written)]


def test_a_view_of_what_cannot_be_viewed_takes_g_for_an_array_that_lies_row_by_row():
    """torch says so; a forward that raises refuses a sample."""
    error = "RuntimeError: view size is not compatible with input tensor's size and stride"
    raised = FunctionOutcome(error=error, error_kind="raised", error_where="backward")
    told = f"its backward raises where G is transposed in memory: {error}"
    assert [("strides-ignored", "call", told)] == broken(Circumstances(upstream="transposed"), raised)
    assert [] == broken(Circumstances(inputs="transposed"), replace(raised, error_where="forward"))
