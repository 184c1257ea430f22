"""Where it is wrong, in words."""

import numpy as np
import pytest

from gradcheck_cli.diagnose import locate
from gradcheck_cli.mistakes import in_place_of, number

RIGHT = np.arange(1.0, 1 + 4 * 3 * 4 * 5).reshape(4, 3, 4, 5)


def changed(*place):
    """RIGHT with 100 added at `place`."""
    array = RIGHT.copy()
    array[place] += 100
    return array


def test_equal_arrays_need_no_words():
    """Nothing is wrong, nothing is said."""
    assert locate(RIGHT, RIGHT.copy()) == ""


def test_everything_wrong_is_said_with_the_largest_difference():
    """All entries, one example."""
    assert locate(RIGHT, RIGHT * 2) == (
        "grad_weight is wrong in all 240 entries; the largest difference is at [3, 2, 3, 4]: 480 where 240 is right."
    )


def test_one_filter_is_found():
    """Only the axis that confines the fault is named."""
    assert locate(RIGHT, changed(3)) == (
        "grad_weight is wrong in 60 of 240 entries, only in filter 3 (the last); "
        "the largest difference is at [3, 0, 0, 0]: 281 where 181 is right."
    )


def test_rows_and_channels_are_found_together():
    """Two axes confine it."""
    assert locate(RIGHT, changed(slice(None), [0, 2], 1)) == (
        "grad_weight is wrong in 40 of 240 entries, only in channels 0, 2, row 1; "
        "the largest difference is at [0, 0, 1, 0]: 106 where 6 is right."
    )


def test_a_border_is_called_a_border():
    """Every plane's rim and nothing inside."""
    array = RIGHT + 100
    array[..., 1:-1, 1:-1] -= 100
    assert locate(RIGHT, array, "input") == (
        "grad_input is wrong in 168 of 240 entries, all on the border of the planes; "
        "the largest difference is at [0, 0, 0, 0]: 101 where 1 is right."
    )


def test_another_shape_is_compared_in_the_common_part():
    """What is missing is the whole fault, or not."""
    assert locate(RIGHT, RIGHT[..., :4], "input") == (
        "grad_input has shape (4, 3, 4, 4) where (4, 3, 4, 5) is right; the part that both have is equal."
    )
    assert locate(RIGHT, RIGHT[:, :, :0]) == (
        "grad_weight has shape (4, 3, 0, 5) where (4, 3, 4, 5) is right; it is empty."
    )


def test_nan_is_located_first():
    """The first entry that is not finite, and how many there are."""
    array = RIGHT.copy()
    array[1, 0, 2, 3:] = np.inf
    assert locate(RIGHT, array) == "grad_weight[1, 0, 2, 3] is inf, the first of 2 such entries."


def test_a_bias_has_filters_only():
    """One axis."""
    assert locate(np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 3.0]), "bias") == (
        "grad_bias is wrong in 1 of 3 entries, only in filter 1; the largest difference is at [1]: 5 where 2 is right."
    )


@pytest.mark.parametrize(
    ("size", "places", "expected"),
    [
        (9, [4], "only in filter 4"),
        (9, [8], "only in filter 8 (the last)"),
        (9, [3, 4], "only in filters 3, 4"),
        (9, [0, 2, 4], "only in filters 0, 2, 4"),
        (9, [2, 3, 4], "only in filters 2 to 4"),
        (9, [1, 2, 3, 4, 5, 6, 7], "only in filters 1 to 7"),
        (9, [6, 7, 8], "only in filters 6 to 8 (to the last)"),
        (9, [1, 2, 4], "only in filters 1, 2, 4"),
        (9, [0, 1, 2, 4, 5, 7], "only in filters 0, 1, 2, 4, 5, 7"),
        (9, [0, 1, 2, 4, 5, 7, 8], "only in filters 0, 1, 2, 4, 5, 7 and 1 more"),
        (20, [0, 2, 4, 6, 8, 10, 12, 14], "only in filters 0, 2, 4, 6, 8, 10 and 2 more"),
    ],
)
def test_indices_are_listed_as_a_person_would(size, places, expected):
    """One, a few, a range, the last, and not more than six."""
    right = np.arange(1.0, size + 1)
    wrong = right.copy()
    wrong[places] += 1000

    assert f"{len(places)} of {size} entries, {expected}; the largest" in locate(right, wrong, "bias")


@pytest.mark.parametrize(("size", "expected"), [(1, "its one entry"), (2, "all 2 entries"), (3, "all 3 entries")])
def test_one_entry_is_spoken_of_as_one(size, expected):
    """Where it is all that there is."""
    assert f"grad_bias is wrong in {expected}; the largest" in locate(np.zeros(size), np.ones(size), "bias")


def square(side, *, inside=(), width=None):
    """Planes that are wrong on the whole border, and at the places `inside`."""
    right = np.zeros((1, 1, side, width or side))
    wrong = np.ones_like(right)
    wrong[..., 1:-1, 1:-1] = 0
    for place in inside:
        wrong[0, 0][place] = 1
    return locate(right, wrong)


def test_a_border_needs_an_inside():
    """A plane of two rows or columns is all border, one of 3x3 nearly; one wrong number inside and it is none."""
    assert "8 of 9 entries; the" in square(3)
    assert "10 of 12 entries; the" in square(3, width=4)
    assert "12 of 16 entries, all on the border of the planes;" in square(4)
    for place in ((1, 1), (1, 2), (2, 1), (2, 2)):
        assert "border" not in square(4, inside=[place])
    right = np.zeros((2, 1, 2, 9))
    wrong = right.copy()
    wrong[1] = 1
    assert "18 of 36 entries, only in filter 1 (the last); the" in locate(right, wrong)
    assert "border" not in locate(right.transpose(0, 1, 3, 2), wrong.transpose(0, 1, 3, 2))


def test_rows_and_columns_are_told_before_the_border():
    """They say more."""
    right = np.zeros((3, 2, 4, 4))
    wrong = right.copy()
    wrong[1, :, 0, 1:3] = 1

    assert "4 of 96 entries, only in filter 1, row 0, columns 1, 2; the largest" in locate(right, wrong)


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ([(0, 0), (1, 0)], "only in row 0 and column 0"),
        ([(0, 2), (1, 3)], "only in row 2 (the last) and column 3 (the last)"),
        ([(0, 0), (1, 3)], "only in row 0 and column 3 (the last)"),
    ],
)
def test_two_edges_are_named(edges, expected):
    """Neither confines the row nor the column, and yet most of a plane of 3x4 is right."""
    wrong = np.zeros((2, 2, 3, 4))
    for axis, place in edges:
        wrong[(slice(None), 1, *[slice(None)] * axis, place)] = 1
    assert f"12 of 48 entries, only in channel 1 (the last), {expected.removeprefix('only in ')};" in locate(
        np.zeros_like(wrong), wrong
    )


def test_two_edges_of_a_small_plane_say_nothing():
    """All but one entry of 2x2, and all but two of 2x3."""
    for width in (2, 3):
        wrong = np.ones((1, 1, 2, width))
        wrong[..., 1, 1:] = 0
        assert "only in" not in locate(np.zeros_like(wrong), wrong)


def test_another_number_of_axes_may_hold_the_right_numbers():
    """Equal in the same order, or not; more or fewer numbers are not compared."""
    right = np.arange(6.0).reshape(1, 1, 2, 3)
    head = "grad_weight has shape {} where (1, 1, 2, 3) is right"

    assert head.format("(2, 3)") + "; its numbers are right." == locate(right, right[0, 0])
    assert head.format("(3, 2)") + "." == locate(right, right[0, 0].T)
    assert head.format("(3,)") + "." == locate(right, right[0, 0, 0])
    assert head.format("(1, 1, 2, 2)") + "; the part that both have is different too." == locate(right, right[..., 1:])
    assert head.format("(1, 1, 4, 3)") + "; the part that both have is equal." == locate(
        right, np.concatenate([right, right], axis=2)
    )


@pytest.mark.parametrize(
    ("actual", "expected", "told"),
    [
        (3.0, 4.0, "3 where 4 is right"),
        (0.5, -0.25, "0.5 where -0.25 is right"),
        (1 / 3, 1 / 3 + 1e-9, "0.333333333 where 0.333333334 is right"),
        (1.0, 1.0 + 2.0**-52, "1 where 1.0000000000000002 is right"),
        (1e20, 1e20, "1e+20 where 1e+20 is right"),
        (2.0**53, 5.0, "9.0072e+15 where 5 is right"),
        (2.0**53 - 1, -7.0, "9007199254740991 where -7 is right"),
        (0.1234567, 1.0, "0.123457 where 1 is right"),
    ],
)
def test_two_numbers_are_shown_with_the_digits_that_tell_them_apart(actual, expected, told):
    """Six where they are enough."""
    assert told == in_place_of(actual, expected)


def test_six_digits_where_nobody_asks_for_more():
    """A third, and what is whole in any number of digits."""
    assert "0.333333" == number(1 / 3)
    assert "12345678" == number(12345678.0)
