"""Where it is wrong, in words."""

import numpy as np

from gradcheck_cli.diagnose import locate

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
    assert locate(RIGHT, array) == "grad_weight[1, 0, 2, 3] is inf, the first of 2 entries that are not finite."


def test_a_bias_has_filters_only():
    """One axis."""
    assert locate(np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 3.0]), "bias") == (
        "grad_bias is wrong in 1 of 3 entries, only in filter 1; the largest difference is at [1]: 5 where 2 is right."
    )
