"""Where entries are equal: a share of the gradient for each of them, and not the whole of it for each."""

import numpy as np

from gradcheck_cli.checks.ladder.ties import TiedCall, broken_at_ties, tied, together
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import FunctionOutcome
from gradcheck_cli.oracles.blackbox import along

POINT = np.array([1.5, 1.5, -0.5, 0.5])


def largest(values):
    """The largest entry of each row."""
    return (values.max(axis=1),)


def call_with(gradient):
    """What came back for the largest of two equal entries, and G = 2."""
    slope = along(POINT, together(POINT), largest)
    outcome = FunctionOutcome(outputs=(np.array([1.5]),), gradients={"x": np.array(gradient)})
    return TiedCall("x", slope, (np.array([2.0]),), outcome)


def test_equal_entries_step_together_and_no_entry_is_0():
    """So that the order of all stays, and a kink at 0 is not met."""
    array = tied(np.array([-1.2, -1.9, 0.1, 0.9, 3.0]))
    assert array.tolist() == [-1.5, -1.5, 0.5, 0.5, 3.5]
    steps = together(array)
    assert steps[0] == steps[1] != steps[2]
    assert tied(np.array([0.1, 0.4, 0.9])).tolist() == [0.25, 0.25, 0.75]


def test_whichever_of_the_equal_entries_gets_it_is_right():
    """The first, the last, or each its half."""
    for gradient in ([2.0, 0, 0, 0], [0, 2.0, 0, 0], [1.0, 1.0, 0, 0]):
        assert broken_at_ties(call_with(gradient)) is None


def test_all_of_it_for_each_is_too_much():
    """A mask of all that equal the maximum, which is not divided by their number."""
    law = broken_at_ties(call_with([2.0, 2.0, 0, 0]))
    assert (law.sign, law.gradient, law.when) == (Sign.TIES, "x", "entries of x are equal")


def test_nothing_is_claimed_of_what_is_not_known():
    """No gradient, no number."""
    assert broken_at_ties(call_with([np.nan, 0, 0, 0])) is None
    assert broken_at_ties(call_with([2.0, 2.0])) is None
