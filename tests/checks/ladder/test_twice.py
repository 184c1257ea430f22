"""A second derivative beside the truth and beside the backward's own differences."""

import numpy as np

from gradcheck_cli.checks.ladder.twice import judged_twice
from gradcheck_cli.model import FunctionOutcome

# The second derivative of the sum of x^3 is 6 x; weights 1, along (1, 2): 6 * 1 * 1 + 12 * 2 = 30.
TRUTH = {"x": np.array([6.0, 12.0])}
STEPS = {"x": np.array([1.0, 2.0])}


def verdict(outcome, difference=30.0):
    """What is said of it."""
    return judged_twice(outcome, TRUTH, STEPS, difference).verdict


def test_the_right_numbers_pass():
    """To rounding."""
    assert "pass" == verdict(FunctionOutcome(gradients={"x": np.array([6.0, 12.0 + 1e-12])}))


def test_a_lost_term_is_told_with_its_argument():
    """Nothing comes back: zeros."""
    found = judged_twice(FunctionOutcome(), TRUTH, STEPS, 30.0)
    assert ("fail", ("x",)) == (found.verdict, found.names)
    assert "a second derivative comes back wrong by x (create_graph=True)" == found.detail


def test_nothing_is_told_where_the_differences_of_the_backward_say_something_else():
    """Then one of the two sources is wrong."""
    assert "inconclusive" == verdict(FunctionOutcome(), difference=0.0)


def test_a_refusal_is_fine():
    """As once_differentiable does."""
    assert "not-applicable" == verdict(FunctionOutcome(error="RuntimeError: twice", error_kind="raised"))
