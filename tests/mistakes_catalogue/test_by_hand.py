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
