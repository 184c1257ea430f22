"""Formulas against numbers worked out by hand, on a 3x3 picture and a 2x2 kernel."""

from dataclasses import replace

import numpy as np
import pytest
from mistaken import integers

from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.mistakes.catalogue.reshape_not_transpose import folded_columns, reread
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
    # Window by window 1*[[1, 2], [4, 5]], 2*[[2, 3], [5, 6]], 0, then 1*[[0, 12], [0, 9]] of what is left of X.
    ("weight", "windows-overwritten"): [[5, 20], [14, 26]],
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


# X = 1..6 in a row under a kernel of two, stride 3: G at columns 0 and 3; a third tap would read the column left over.
LEFT_OVER = replace(
    ROW, spec=ConvSpec(1, 1, 1, 1, 6, (1, 2), stride=(1, 3)), x=ROW.x[..., :6], grad_output=ROW.grad_output[..., :2]
)


def test_the_taps_of_the_remainder_are_kept_cut_at_the_wrong_end_or_squeezed():
    """1*1 + 10*4, 1*2 + 10*5 and the extra 1*3 + 10*6; nothing is extra without a remainder."""
    uncut, last, squeezed = (form.formula for form in CATALOGUE["extra-taps"].forms("weight"))
    assert uncut(Problem(LEFT_OVER)).tolist() == [[[[41, 52, 63]]]]
    assert last(Problem(LEFT_OVER)).tolist() == [[[[52, 63]]]]
    assert squeezed(Problem(LEFT_OVER)).tolist() == [[[[41, 52]]]]
    for formula in (uncut, last, squeezed):
        assert np.array_equal(formula(Problem(CASE)), Problem(CASE).grad_weight)


def test_taps_of_the_remainder_lie_apart_by_the_dilation():
    """Two columns are left over, and the third tap is two columns from the second: 1*5 + 10*8."""
    case = replace(
        ROW,
        spec=ConvSpec(1, 1, 1, 1, 8, (1, 2), stride=(1, 3), dilation=(1, 2)),
        x=np.arange(1.0, 9.0).reshape(1, 1, 1, 8),
        grad_output=ROW.grad_output[..., :2],
    )
    uncut = CATALOGUE["extra-taps"].formulas["weight"]
    assert uncut(Problem(case)).tolist() == [[[[41, 63, 85]]]]


# F turned is [-1, 1]; with a margin of m the sums run over [0] * m + [1, 10] + [0] * m.
MARGINS = {
    "a margin of p": [9],
    "a margin of p, in X's size": [9, -10, 0],
    "a margin of p, but k - 1 where p = 0": [1, 9, -10],
    "no margin": [9],
    "a margin of k": [0, 1, 9, -10, 0],
    "a margin of k - p": [0, 1, 9, -10, 0],
    "mode='same'": [1, 9],
}


@pytest.mark.parametrize("label", MARGINS)
def test_each_margin_around_g_gives_its_own_part_of_the_full_convolution(label):
    """One row, no padding, two taps."""
    case = replace(ROW, spec=ConvSpec(1, 1, 1, 1, 3, (1, 2)), x=ROW.x[..., :3], grad_output=ROW.grad_output[..., :2])
    forms = {form.label: form.formula for form in CATALOGUE["full-margin-wrong"].forms("input")}
    found = forms[label](Problem(case))[0, 0]
    assert found[len(found) // 2].tolist() == MARGINS[label]
    assert np.count_nonzero(found) == np.count_nonzero(MARGINS[label])


def test_windows_beyond_the_array_read_on_in_memory_and_then_what_is_nobody_s():
    """as_strided itself says what the rows behind hold; the formula knows no number of what lies beyond the end."""
    problem = Problem(integers(ConvSpec(2, 3, 2, 6, 5, (3, 3))))
    (form,) = (form for form in CATALOGUE["full-margin-wrong"].forms("input") if "as_strided" in form.label)
    grad_output = problem.case.grad_output
    rows, columns = grad_output.shape[2:]
    memory = np.concatenate([grad_output.ravel(), np.full(100, 7.0)])
    strides = [8 * step for step in (2 * rows * columns, rows * columns, columns, 1, columns, 1)]
    around = np.lib.stride_tricks.as_strided(memory, (2, 2, 6, 5, 3, 3), strides)
    expected = np.einsum("nohwuv,oiuv->nihw", around, problem.case.weight[..., ::-1, ::-1])
    found = form.formula(problem)
    known = ~np.isnan(found)

    assert np.array_equal(found[known], expected[known])
    assert known[0].all()
    assert not known[1].all()
    assert {"not-repeatable", "not-finite"} == set(form.brings)
    same = ConvSpec(2, 3, 2, 6, 5, (3, 3), padding=(1, 1))
    assert form.formula(Problem(integers(same))) is None


KERNEL_TURNS = {
    # F = [[1, -1], [2, 0]]; the full correlation of a single G = 1 with what the code makes of F is that, turned.
    "": [[0, 2], [-1, 1]],
    "turned upside down only": [[-1, 1], [0, 2]],
    "turned left to right only": [[2, 0], [1, -1]],
    "given a quarter turn to the left only": [[2, 1], [0, -1]],
    "given a quarter turn to the right only": [[-1, 0], [1, 2]],
}


@pytest.mark.parametrize("label", KERNEL_TURNS)
def test_half_a_turn_of_the_kernel_is_seen_under_a_single_output(label):
    """The picture is as large as the kernel, so dE/dX is the kernel as it was used."""
    case = replace(CASE, spec=ConvSpec(1, 1, 1, 2, 2, (2, 2)), x=CASE.x[..., :2, :2], grad_output=np.ones((1, 1, 1, 1)))
    forms = {form.label: form.formula for form in CATALOGUE["input-grad-kernel-unrotated"].forms("input")}
    assert forms[label](Problem(case))[0, 0].tolist() == KERNEL_TURNS[label]
    oblong = Problem(integers(ConvSpec(1, 1, 1, 4, 5, (3, 2))))
    assert (forms[label](oblong) is None) == ("quarter" in label)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("over the images only", [[[6, 8]], [[10, 12]], [[14, 16]]]),
        ("over the images only, channels last", [[[6, 10, 14], [8, 12, 16]]]),
        ("over rows and columns only, so each image keeps its own", [[1, 5, 9], [13, 17, 21]]),
        ("not over the columns", [[6, 8], [10, 12], [14, 16]]),
        ("not over the rows", [14, 22, 30]),
        ("over axes 0, 1 and 2, as if the channels were last", [30, 36]),
        ("over axes 0, 2 and 3, as if the channels were first", [66]),
        ("over axes 1, 2 and 3, so each image has a sum", [15, 51]),
    ],
)
def test_g_summed_over_other_axes(label, expected):
    """0 to 11: two images, three filters, one row, two columns."""
    case = replace(CASE, spec=ConvSpec(2, 1, 3, 1, 2, (1, 1)), grad_output=np.arange(12.0).reshape(2, 3, 1, 2))
    forms = {form.label: form.formula for form in CATALOGUE["bias-axes-wrong"].forms("bias")}
    assert forms[label](Problem(case)).tolist() == expected


def test_filters_dealt_out_to_the_groups_read_another_group_s_channels():
    """Two groups of two filters, 1x1: filters 0, 1, 2, 3 read the channels 0, 1, 0, 1 where 0, 0, 1, 1 is right."""
    case = Case(
        ConvSpec(1, 2, 4, 1, 1, (1, 1), groups=2),
        np.array([[[[3.0]], [[5.0]]]]),
        np.array([1.0, 10.0, 100.0, 1000.0]).reshape(4, 1, 1, 1),
        np.zeros(4),
        np.ones((1, 4, 1, 1)),
    )
    assert group_form("weight", "o % groups")(case) == [3, 5, 3, 5]
    assert group_form("input", "o % groups")(case) == [101, 1010]


def group_form(gradient, label):
    """Case -> the numbers of the form of groups-ignored whose label holds this."""
    (form,) = (form for form in CATALOGUE["groups-ignored"].forms(gradient) if label in form.label)

    def numbers(case):
        result = form.formula(Problem(case))
        return None if result is None else result.ravel().tolist()

    return numbers


def test_groups_that_start_by_the_other_number_read_or_write_elsewhere():
    """Two groups of two channels and one filter: group 1 starts at channel 2 and at filter 1."""
    case = Case(
        ConvSpec(1, 4, 2, 1, 1, (1, 1), groups=2),
        np.array([2.0, 3.0, 5.0, 7.0]).reshape(1, 4, 1, 1),
        np.array([1.0, 10.0, 100.0, 1000.0]).reshape(2, 2, 1, 1),
        np.zeros(2),
        np.array([1.0, 2.0]).reshape(1, 2, 1, 1),
    )
    assert group_form("weight", "channel j*c_out")(case) == [2, 3, 6, 10]
    assert group_form("input", "channel j*c_out")(case) == [1, 10 + 200, 2000, 0]
    # There is no filter 2: the slice is empty, and the code raises.
    assert group_form("input", "filter j*c_in/groups of G")(case) is None
    assert group_form("input", "filter j*c_in/groups of F")(case) is None


def test_groups_that_take_the_filters_of_g_by_the_number_of_channels():
    """Two groups of one channel and two filters: group 1 starts at filter 2, and here at filter 1."""
    case = Case(
        ConvSpec(1, 2, 4, 1, 1, (1, 1), groups=2),
        np.array([2.0, 3.0]).reshape(1, 2, 1, 1),
        np.array([1.0, 10.0, 100.0, 1000.0]).reshape(4, 1, 1, 1),
        np.zeros(4),
        np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1),
    )
    assert group_form("weight", "filter j*c_in/groups of G")(case) == [2, 4, 6, 9]
    assert group_form("input", "filter j*c_in/groups of G")(case) == [21, 200 + 3000]
    assert group_form("input", "filter j*c_in/groups of F")(case) == [21, 30 + 400]
    assert group_form("weight", "channel j*c_out")(case) is None


def form_of(identifier, gradient, label):
    """The formula with this label."""
    (form,) = (form for form in CATALOGUE[identifier].forms(gradient) if form.label == label)
    return form.formula


@pytest.mark.parametrize(
    ("count", "done", "or_all", "first"),
    [
        (2, [1, 1], [0, 0], [0, 1]),
        (4, [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]),
        (6, [1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 0, 1]),
    ],
)
def test_the_rest_of_a_block_of_four_filters(count, done, or_all, first):
    """Which filters get their bias: with at least one block, with whole blocks only, or all but one of the rest."""
    case = replace(CASE, spec=ConvSpec(1, 1, count, 1, 1, (1, 1)), grad_output=np.ones((1, count, 1, 1)))
    for label, expected in (
        ("; fewer than 4 are done", done),
        ("", or_all),
        ("; only the first one of the rest", first),
    ):
        formula = form_of("rest-skipped", "bias", f"filters in blocks of 4{label}")
        assert formula(Problem(case)).tolist() == expected


def test_the_last_row_and_column_of_x_that_a_test_of_bounds_misses():
    """X = 1..9 without 3, 6, 7, 8, 9: its tap (0, 0) is 1*1 + 2*2 + 0*4 + 1*5 still, the last one 1*5."""
    label = "the last row and column of X is left out"
    assert form_of("bounds-off-by-one", "weight", label)(Problem(CASE)).ravel().tolist() == [10, 2 + 0 + 0, 4 + 10, 5]
    right = Problem(CASE).grad_input.copy()
    right[..., -1, :] = right[..., -1] = 0
    assert np.array_equal(form_of("bounds-off-by-one", "input", label)(Problem(CASE)), right)


def test_a_margin_of_the_edge_s_values():
    """One row 1, 2, 3 with a margin of 1 and one tap: G takes 1, 1, 2, 3, 3; reflect 2, wrap 3 and 1."""
    case = Case(
        ConvSpec(1, 1, 1, 1, 3, (1, 1), padding=(0, 1)),
        np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3),
        np.ones((1, 1, 1, 1)),
        np.zeros(1),
        np.array([1.0, 10.0, 100.0, 1000.0, 10000.0]).reshape(1, 1, 1, 5),
    )
    forms = CATALOGUE["padding-mode-wrong"].forms("weight")
    margins = [(1, 3), (2, 2), (1, 3), (3, 1)]
    assert [form.formula(Problem(case)).item() for form in forms] == [
        left + 10 + 200 + 3000 + 10000 * right for left, right in margins
    ]


def test_numbers_are_read_in_another_order_than_they_are_stored_in():
    """Two images, two filters, one row of three outputs; 1 to 12 in memory."""
    g = np.arange(1.0, 13.0).reshape(2, 2, 1, 3)
    # reshape(-1, 2): the rows (1, 2), (3, 4), ... are taken for the two filters at one output.
    assert reread(g, "nopq", "nopq", "npqo").tolist() == [[[[1, 3, 5]], [[2, 4, 6]]], [[[7, 9, 11]], [[8, 10, 12]]]]
    # reshape(2, -1): the first image for the first filter, the second for the second.
    assert reread(g, "nopq", "nopq", "onpq").tolist() == [[[[1, 2, 3]], [[7, 8, 9]]], [[[4, 5, 6]], [[10, 11, 12]]]]
    assert np.array_equal(reread(g, "nopq", "npqo", "npqo"), g)
    # The same with channels last in memory: 1, 4, 2, 5, 3, 6 and 7, 10, 8, 11, 9, 12, six for each filter.
    assert reread(g, "nopq", "npqo", "onpq").tolist() == [[[[1, 4, 2]], [[7, 10, 8]]], [[[5, 3, 6]], [[11, 9, 12]]]]


def test_columns_that_are_folded_in_their_own_order_give_the_right_gradient():
    """And in another order they do not: the same numbers elsewhere."""
    problem = Problem(integers(ConvSpec(2, 3, 4, 8, 7, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2))))
    assert np.array_equal(folded_columns("iuvnpq", "iuvnpq")(problem), problem.grad_input)
    assert not np.array_equal(folded_columns("npqiuv", "iuvnpq")(problem), problem.grad_input)
    assert folded_columns("npqiuv", "iuvnpq")(Problem(integers(ConvSpec(1, 2, 2, 5, 5, (3, 3), groups=2)))) is None


def test_unpadding_by_zero_leaves_nothing():
    """[p:-p] with p = 0 is empty; with p = 1 it is right."""
    formula = CATALOGUE["unpad-empty"].formulas["input"]
    assert formula(Problem(CASE)).shape == (1, 1, 0, 0)
    padded = Problem(integers(ConvSpec(1, 1, 1, 3, 3, (2, 2), padding=(1, 1))))
    assert np.array_equal(formula(padded), padded.grad_input)


# F = (10, 7) over a row of two pixels, a zero behind them: dX_padded = (20, 14 - 10, -7), of which the first two count.
ZERO_BEHIND = Case(
    spec=ConvSpec(1, 1, 1, 1, 2, (1, 2), extra_after=(0, 1)),
    x=np.array([[[[3.0, 5.0]]]]),
    weight=np.array([[[[10.0, 7.0]]]]),
    bias=np.zeros(1),
    grad_output=np.array([[[[2.0, -1.0]]]]),
)
ZERO_IN_FRONT = replace(ZERO_BEHIND, spec=ConvSpec(1, 1, 1, 1, 2, (1, 2), padding=(0, 1), extra_after=(0, -1)))
SIDES = {
    ("weight", "padding-split-wrong", "X padded anew, the other way round"): ([-3, 1], [1, 10]),
    ("input", "padding-split-wrong", ""): ([4, -7], [20, 4]),
    ("input", "padding-not-stripped", ""): ([20, 4, -7], [20, 4, -7]),
    ("input", "padding-not-stripped", "cut off at the bottom and right only, as by a margin of k - 1 around G"): (
        [20, 4],
        [20, 4],
    ),
    ("input", "padding-not-stripped", "cut off at the top and left only"): ([4, -7], [4, -7]),
    ("input", "padded-twice", ""): ([20], [-7]),
    ("input", "unpad-empty", ""): ([], []),
    ("input", "padding-hard-coded", "always 1"): ([], []),
    ("weight", "padding-hard-coded", "always 0"): ([1, 10], [1, 10]),
}


@pytest.mark.parametrize(("gradient", "identifier", "label"), SIDES)
def test_the_numbers_where_zeros_stand_on_one_side_only(gradient, identifier, label):
    """A zero behind the row, then one in front of it; X and F and G as they were."""
    forms = {form.label: form.formula for form in CATALOGUE[identifier].forms(gradient)}
    found = [forms[label](Problem(case)) for case in (ZERO_BEHIND, ZERO_IN_FRONT)]
    assert tuple([] if array is None else [*array.ravel()] for array in found) == SIDES[gradient, identifier, label]


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


def test_an_array_that_is_never_filled_stays_as_it_was_made():
    """Zeros in the shape of F and of X."""
    problem = Problem(CASE)
    assert np.array_equal(CATALOGUE["never-filled"].formulas["weight"](problem), np.zeros(CASE.spec.weight_shape))
    assert np.array_equal(CATALOGUE["never-filled"].formulas["input"](problem), np.zeros(CASE.spec.x_shape))
