"""Two arrays in, evidence out."""

import math

import numpy as np
import pytest

from gradcheck_cli.checks.compare import (
    Question,
    channel_differences,
    compare_exact,
    compare_within,
    not_applicable,
    undecided,
)
from gradcheck_cli.model import Verdict

QUESTION = Question("exact", "weight", "equal")


def test_equal_arrays_pass_and_every_entry_is_counted():
    """Four equal entries are four entries compared and none mismatched."""
    check = compare_exact(QUESTION, np.arange(4.0), np.arange(4.0))

    assert (Verdict.PASS, 4, 0) == (check.verdict, check.entries, check.mismatched)


def test_one_part_in_a_billion_in_one_entry_fails():
    """An exact comparison sees a factor of 1 + 1e-9 in one entry and tells where."""
    expected = np.full((2, 3), 1000.0)
    actual = expected.copy()
    actual[1, 2] *= 1 + 1e-9

    check = compare_exact(QUESTION, expected, actual)

    assert (Verdict.FAIL, 1, (1, 2)) == (check.verdict, check.mismatched, check.worst.index)
    assert math.inf == check.worst.ratio


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_never_passes(bad):
    """NaN and infinity fail, whatever is allowed."""
    actual = np.array([1.0, bad])

    check = compare_within(QUESTION, np.array([1.0, 2.0]), actual, np.array([math.inf, math.inf]))

    assert (Verdict.FAIL, 1, (1,)) == (check.verdict, check.mismatched, check.worst.index)


def test_two_nans_are_not_equal():
    """NaN on both sides is a failure, not agreement."""
    check = compare_exact(QUESTION, np.array([math.nan]), np.array([math.nan]))

    assert Verdict.FAIL == check.verdict


def test_nothing_compared_is_not_a_pass():
    """Two empty arrays leave the check undecided."""
    check = compare_exact(QUESTION, np.zeros((0, 3)), np.zeros((0, 3)))

    assert (Verdict.INCONCLUSIVE, 0) == (check.verdict, check.entries)


def test_another_shape_fails_and_both_shapes_are_told():
    """A broadcastable shape is still a wrong shape."""
    check = compare_exact(QUESTION, np.zeros((2, 1)), np.zeros((1, 1)))

    assert Verdict.FAIL == check.verdict
    assert "shape (1, 1), expected (2, 1)" == check.detail


def test_a_missing_gradient_fails():
    """None in place of an array is a failure of all entries."""
    check = compare_exact(QUESTION, np.zeros(5), None)

    assert (Verdict.FAIL, 5, "nothing was returned") == (check.verdict, check.mismatched, check.detail)


def test_the_bound_itself_is_allowed_and_the_next_number_is_not():
    """The inequality is <=."""
    allowed = np.array([0.5, 0.5])

    check = compare_within(QUESTION, np.array([0.0, 0.0]), np.array([0.5, np.nextafter(0.5, 1)]), allowed)

    assert (1, (1,)) == (check.mismatched, check.worst.index)


def test_worst_is_by_ratio_and_not_by_size():
    """A small difference far above its allowance is worse than a large one within it."""
    check = compare_within(QUESTION, np.zeros(2), np.array([10.0, 1e-6]), np.array([20.0, 1e-9]))

    assert ((1,), 1000.0) == (check.worst.index, pytest.approx(check.worst.ratio))


def test_equal_infinities_differ_by_nothing_but_still_fail():
    """An overflow on both sides is no agreement."""
    check = compare_within(QUESTION, np.array([math.inf]), np.array([math.inf]), np.array([1.0]))

    assert (Verdict.FAIL, 0.0) == (check.verdict, check.worst.difference)


def test_the_table_has_one_row_for_each_filter_and_channel():
    """Each plane has its own largest difference, ratio and count of equal entries."""
    expected = np.zeros((2, 2, 1, 2))
    actual = expected.copy()
    actual[1, 0, 0] = [3.0, 4.0]

    table = channel_differences(expected, actual, np.full(expected.shape, 2.0))

    assert [(0, 0), (0, 1), (1, 0), (1, 1)] == [(row.filter, row.channel) for row in table]
    assert (4.0, 2.0, 0, 2) == (table[2].max_abs_difference, table[2].ratio, table[2].equal_entries, table[2].entries)
    assert (0.0, 0.0, 2, 2) == (table[3].max_abs_difference, table[3].ratio, table[3].equal_entries, table[3].entries)


def test_undecided_and_not_applicable_are_told_apart():
    """One blocks a pass, the other does not."""
    assert Verdict.INCONCLUSIVE == undecided(QUESTION, "why").verdict
    assert Verdict.NOT_APPLICABLE == not_applicable(QUESTION, "why").verdict
