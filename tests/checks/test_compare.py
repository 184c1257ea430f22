"""Two arrays in, evidence out."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.checks.compare import (
    Subject,
    channel_differences,
    compare_exact,
    compare_within,
    difference,
    not_applicable,
    on_own_axes,
    ratio,
    undecided,
    with_detail,
    worst_entry,
)
from gradcheck_cli.model import Check, Verdict, Worst

QUESTION = Subject("exact", "weight", "equal")
NUMERIC = Subject("numeric", "bias", "rule")


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


def test_a_check_says_what_was_compared():
    """Name, gradient and rule reach the check, whatever the outcome."""
    told = ("numeric", "bias", "rule")
    one = np.ones(1)
    checks = [
        compare_within(NUMERIC, one, one, one),
        compare_within(NUMERIC, np.ones(0), np.ones(0), np.ones(0)),
        compare_exact(NUMERIC, one, None),
        undecided(NUMERIC, "why"),
        not_applicable(NUMERIC, "why"),
    ]

    assert [told] * 5 == [(check.name, check.gradient, check.criterion) for check in checks]


def test_checks_that_compared_nothing():
    """Every field of them; built here and not in a parameter, which would be built before a mutant is switched on."""
    told, nothing, empty = ("numeric", "bias"), Verdict.INCONCLUSIVE, np.ones(0)

    assert Check(*told, nothing, 0, 0, "rule", None, "why") == undecided(NUMERIC, "why")
    assert Check(*told, nothing, 7, 0, "rule", None, "why") == undecided(NUMERIC, "why", 7)
    assert Check(*told, Verdict.NOT_APPLICABLE, 0, 0, "rule", None, "why") == not_applicable(NUMERIC, "why")
    assert Check(*told, nothing, 0, 0, "rule") == compare_within(NUMERIC, empty, empty, empty)
    assert Check(*told, Verdict.FAIL, 6, 6, "rule", None, "nothing was returned") == compare_exact(
        NUMERIC, np.ones((2, 3)), None
    )


def test_a_detail_is_added_and_nothing_else_changes():
    """The numbers stay."""
    check = compare_exact(NUMERIC, np.ones(2), np.ones(2))

    assert ("found", check) == (with_detail(check, "found").detail, with_detail(with_detail(check, "found"), ""))


def test_the_difference_is_one_of_values_and_not_their_sum():
    """3 and 5 differ by 2; float32 is widened before it is subtracted."""
    assert [2.0] == difference(np.array([3.0]), np.array([5.0])).tolist()
    assert [2.0**-24] == difference(np.array([1.0], np.float32), np.array([1.0 + 2.0**-24])).tolist()
    large = np.array([3e38], np.float32)
    assert [6e38] == pytest.approx(difference(large, -large).tolist())


def test_a_ratio_of_one_is_one():
    """A difference of exactly 1 is a difference."""
    assert [1.0, 0.5, 0.0] == ratio(np.array([1.0, 1.0, 0.0]), np.array([1.0, 2.0, 0.0])).tolist()


def test_the_worst_entry_holds_both_values_and_the_allowance():
    """All six numbers by hand, in an array in which several entries have the same ratio."""
    expected, actual = np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 7.0])

    assert Worst((2,), 3.0, 7.0, 4.0, 8.0, 0.5) == worst_entry(expected, actual, np.array([1.0, 4.0, 8.0]))
    assert Worst((0,), 0.0, 0.0, 0.0, 0.0, 0.0) == worst_entry(np.zeros(2), np.zeros(2), np.zeros(2))


def test_overflow_in_a_difference_is_silent():
    """No warning of numpy reaches the user; the comparison fails."""
    huge = np.array([1e308])

    check = compare_within(NUMERIC, huge, -huge, np.array([1e-300]))
    assert (Verdict.FAIL, 1) == (check.verdict, check.mismatched)
    assert [np.inf] == ratio(np.array([1e300]), np.array([1e-300])).tolist()


def test_a_row_of_the_table_is_about_its_own_plane():
    """Filter and channel of each row, and its own numbers."""
    expected = np.arange(8.0).reshape(2, 2, 1, 2)
    actual = expected.copy()
    actual[1, 0, 0, 1] += 3

    rows = channel_differences(expected, actual, np.full(expected.shape, 2.0))

    assert [(0, 0), (0, 1), (1, 0), (1, 1)] == [(row.filter, row.channel) for row in rows]
    assert [0, 0, 3, 0] == [row.max_abs_difference for row in rows]
    assert [0, 0, 1.5, 0] == [row.ratio for row in rows]
    assert [2, 2, 1, 2] == [row.equal_entries for row in rows]
    assert {2} == {row.entries for row in rows}


def at(*index):
    """A check whose worst entry is there."""
    return compare_exact(QUESTION, np.zeros(index_shape(index)), one_at(index))


def index_shape(index):
    """The smallest array that has such an entry."""
    return tuple(place + 1 for place in index)


def one_at(index):
    """Zeros with a 1 there."""
    array = np.zeros(index_shape(index))
    array[index] = 1
    return array


def test_a_line_has_its_worst_entry_without_our_height():
    """Our arrays of a line are pictures of height 1; the third index is ours alone, nothing else changes."""
    check = at(2, 1, 0, 3)
    assert (2, 1, 3) == on_own_axes(check, 1).worst.index
    assert replace(check, worst=replace(check.worst, index=(2, 1, 3))) == on_own_axes(check, 1)


@pytest.mark.parametrize(
    ("check", "axes"),
    [
        (at(2, 1, 0, 3), 2),
        (at(2, 1, 0, 3), 3),
        (
            at(
                2,
            ),
            1,
        ),
        (at(2, 1, 3), 1),
        (undecided(QUESTION, "why"), 1),
    ],
)
def test_what_has_no_height_of_ours_keeps_its_index(check, axes):
    """A picture, a volume, a bias, and a check without a worst entry."""
    assert check == on_own_axes(check, axes)
