"""Formulas against numbers worked out by hand, on a 3x3 picture and a 2x2 kernel."""

import numpy as np
import pytest
from mistaken import integers

from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.mistakes.pieces import read_elsewhere, window
from gradcheck_cli.model import Case, ConvSpec

# X = 1..9, G = [[1, 2], [0, 1]]: tap (0, 0) is 1*1 + 2*2 + 0*4 + 1*5 = 10, and each step right adds 4, down 12.
CASE = Case(
    spec=ConvSpec(1, 1, 1, 3, 3, (2, 2)),
    x=np.arange(1.0, 10.0).reshape(1, 1, 3, 3),
    weight=np.array([[[[1.0, -1.0], [2.0, 0.0]]]]),
    bias=np.array([3.0]),
    grad_output=np.array([[[[1.0, 2.0], [0.0, 1.0]]]]),
)
BY_HAND = {
    ("weight", "sign-flipped"): [[-10, -14], [-22, -26]],
    ("weight", "scaled-constant"): [[40, 56], [88, 104]],
    ("weight", "upstream-rotated"): [[14, 18], [26, 30]],
    ("weight", "kernel-rotated"): [[26, 22], [14, 10]],
    ("weight", "axes-transposed"): [[10, 22], [14, 26]],
    ("weight", "last-window-only"): [[5, 6], [8, 9]],
    ("weight", "window-not-moved"): [[10, 10], [10, 10]],
    ("weight", "starts-from-data"): [[11, 13], [24, 26]],
    ("weight", "partial-output"): [[1, 2], [4, 5]],
    ("weight", "upstream-ignored"): [[12, 16], [24, 28]],
    ("weight", "shifted"): [[22, 26], [23, 26]],
    ("weight", "padding-hard-coded"): [[1, 2], [6, 10]],
    # O(0, 0) = 1 - 2 + 2*4 + 3 = 10, each step right adds 1 - 1 + 2 = 2, down 6: O = [[10, 12], [16, 18]], 56 in all.
    ("weight", "output-for-upstream"): [[10 + 24 + 64 + 90, 188 + 56], [188 + 168, 188 + 56 + 168]],
    ("input", "output-for-upstream"): [[10, 12 - 10, -12], [16 + 20, 18 - 16 + 24, -18], [32, 36, 0]],
    ("bias", "output-for-upstream"): [56],
    ("input", "input-grad-kernel-unrotated"): [[0, 2, 4], [-1, -1, 4], [0, -1, 1]],
    ("input", "starts-from-data"): [[2, 3, 1], [6, 10, 5], [7, 10, 9]],
    ("input", "full-margin-wrong"): [[5]],
    ("bias", "bias-spatial-mean"): [1],
    ("bias", "bias-missing"): [0],
    ("bias", "bias-times-output"): [10 - 14 + 44 + 0 + 12],
    ("bias", "last-window-only"): [1],
}


@pytest.mark.parametrize(("gradient", "identifier"), BY_HAND)
def test_the_formula_gives_the_numbers_worked_out_by_hand(gradient, identifier):
    """The wrong gradient, entry by entry."""
    actual = CATALOGUE[identifier].formulas[gradient](Problem(CASE))
    expected = np.array(BY_HAND[gradient, identifier], dtype=float)
    assert np.array_equal(actual.reshape(expected.shape), expected)


# One row of X, 1..7, under a kernel of one row: what is forgotten on one axis is seen on that axis alone. And the
# other way round, one column. G = 1, 10, 100 at the places 0, 2, 4; taps of the kernel 1 and -1.
ROW = Case(
    spec=ConvSpec(1, 1, 1, 1, 7, (1, 2), stride=(3, 2), padding=(0, 0)),
    x=np.arange(1.0, 8.0).reshape(1, 1, 1, 7),
    weight=np.array([[[[1.0, -1.0]]]]),
    bias=np.array([0.0]),
    grad_output=np.array([[[[1.0, 10.0, 100.0]]]]),
)
COLUMN = Case(
    spec=ConvSpec(1, 1, 1, 7, 1, (2, 1), stride=(2, 3), padding=(0, 0)),
    **{name: getattr(ROW, name).swapaxes(2, 3).copy() for name in ("x", "weight", "grad_output")},
    bias=ROW.bias,
)
ON_ONE_AXIS = {
    ("weight", "stride-ignored", "in the columns only"): ([1 + 20 + 300, 2 + 30 + 400], [531, 642]),
    ("weight", "stride-ignored", "in the rows only"): ([531, 642], [321, 432]),
    ("input", "stride-ignored", "in the columns only"): (
        [1, 10 - 1, 100 - 10, -100, 0, 0, 0],
        [1, -1, 10, -10, 100, -100, 0],
    ),
    ("weight", "rows-columns-mixed", "the stride of the rows for both"): ([1 + 40 + 700, 2 + 50], [531, 642]),
    ("weight", "rows-columns-mixed", "the stride of the columns for both"): ([531, 642], [741, 52]),
    ("weight", "rows-columns-mixed", "the stride of rows and columns exchanged"): ([741, 52], [741, 52]),
    ("weight", "rows-columns-mixed", "the columns of G are visited up to its number of rows"): ([1, 2], [531, 642]),
    ("bias", "rows-columns-mixed", "the columns of G are visited up to its number of rows"): ([1], [111]),
    ("bias", "rows-columns-mixed", "the rows of G are visited up to its number of columns"): ([111], [1]),
    # h_out = (7 + 0 - 1) // 3 + 1 = 3 for the row, where it is 1 and nothing is left out; w_out = (1 - 2) // 2 + 1 = 0.
    ("bias", "rows-columns-mixed", "w_out computed from the height of X"): ([0], [111]),
    ("weight", "rows-columns-mixed", "as many columns of taps as F has rows"): ([531, 0], [531, 642]),
    # No zeros are put between the columns, since there is one row.
    (
        "input",
        "rows-columns-mixed",
        "the zeros between rows and columns of G both counted from its rows, in X's size",
    ): ([1, 10 - 1, 100 - 10, -100, 0, 0, 0], [1, -1, 10, -10, 100, -100, 0]),
    ("input", "rows-columns-mixed", "dX_padded cut to the size of its columns"): ([1, -1, 10, -10, 100, -100, 0], [1]),
}


@pytest.mark.parametrize(("gradient", "identifier", "label"), ON_ONE_AXIS)
def test_what_is_mixed_up_on_one_axis_leaves_the_other_alone(gradient, identifier, label):
    """A row and a column, the same numbers: each form spoils the one or the other."""
    forms = {form.label: form.formula for form in CATALOGUE[identifier].forms(gradient)}
    in_row, in_column = (forms[label](Problem(case)) for case in (ROW, COLUMN))
    expected = ON_ONE_AXIS[gradient, identifier, label]
    assert ([*in_row.ravel()], [*in_column.ravel()]) == expected


def test_unpadding_by_zero_leaves_nothing():
    """[p:-p] with p = 0 is empty; with p = 1 it is right."""
    formula = CATALOGUE["unpad-empty"].formulas["input"]
    assert formula(Problem(CASE)).shape == (1, 1, 0, 0)
    padded = Problem(integers(ConvSpec(1, 1, 1, 3, 3, (2, 2), padding=(1, 1))))
    assert np.array_equal(formula(padded), padded.grad_input)


def test_a_window_beyond_the_array_reads_zeros():
    """Rows and columns outside count as zeros on every side."""
    array = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(window(array, (-1, 1), (4, 2)), [[0, 0], [2, 0], [4, 0], [0, 0]])
    assert np.array_equal(window(array, (5, 0), (1, 1)), [[0]])


@pytest.mark.parametrize("shift", [(0, 1), (2, 0), (-1, -2), (1, -1), (-4, 3)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_reading_elsewhere_is_the_sum_over_the_moved_windows(shift, dilation):
    """The short cut for whole taps gives what the definition gives on a picture that is moved by hand."""
    spec = ConvSpec(2, 2, 3, 9, 8, (3, 2), padding=(1, 2), dilation=(dilation, dilation))
    problem = Problem(integers(spec))
    source = window(problem.case.x, (-20, -20), (60, 60))
    rows, columns = spec.output_size
    expected = np.zeros(spec.weight_shape)
    for o, i, u, v in np.ndindex(*spec.weight_shape):
        top, left = 19 + dilation * u + shift[0], 18 + dilation * v + shift[1]
        seen = source[:, i, top : top + rows, left : left + columns]
        expected[o, i, u, v] = (seen * problem.case.grad_output[:, o]).sum()
    # Only what lies inside the padded picture counts; around it there are zeros in both.
    assert np.array_equal(read_elsewhere(problem, shift), expected)
