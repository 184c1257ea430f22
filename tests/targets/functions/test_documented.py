"""What code and comments say of an argument's axes."""

import textwrap

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.inputs.documented import (
    as_documented,
    documented_axes,
    documented_rank,
    is_said_a_mask,
)
from gradcheck_cli.targets.functions.inputs.proposals import Proposal


def source(text):
    """As a file has it."""
    return textwrap.dedent(text)


def test_code_that_takes_a_shape_apart_tells_how_many_axes_there_are():
    """And which of them are the same length."""
    code = source("""
        def mix_forward(x, w):
            batch, steps, width = x.shape
            width, _ = np.shape(w)
            return x @ w
    """)
    assert documented_axes(code, "x") == "n t d"
    assert documented_axes(code, "w") == "d m"
    assert documented_rank(code, "x") == 3


def test_a_docstring_tells_the_shapes():
    """One name of a length is one letter, a factor stays in front of it, a sum is one of letters."""
    code = source('''
        def cell(x, h, W, b):
            """One step.

            x -- input, of shape (N, D)
            - h: state (N, H)
            W: weights of the four gates, (D, 4H); b (4*H,)
            U: weights of state and input, put together, (H, H + D)
            """
    ''')
    axes = [documented_axes(code, name) for name in ("x", "h", "W", "b", "U")]
    assert axes == ["n d", "n m", "d 4m", "4m", "m m+d"]
    assert documented_rank(code, "x") is None


def test_a_comment_and_the_code_may_call_one_length_by_two_names():
    """By the argument whose axes both name."""
    code = source("""
        def shift_forward(x, bias):
            # x (samples, channels, length), bias (channels,)
            b, c, l = x.shape
            return x + bias[None, :, None]
    """)
    assert documented_axes(code, "x") == "n c t"
    assert documented_axes(code, "bias") == "c"


def test_one_shape_may_be_said_of_all_arguments():
    """ "shapes (N,)" """
    code = source('''
        def margin(scores, y):
            """Binary, y in {-1, +1}, shapes (N,)."""
    ''')
    assert documented_axes(code, "scores") == documented_axes(code, "y") == "n"


def test_what_is_told_is_tried_first_and_no_other_number_of_axes_than_the_code_takes():
    """Labels count the columns of the scores."""
    code = source("""
        def loss(scores, y):
            rows, classes = scores.shape
            # y: labels (rows,)
    """)
    found = as_documented(
        [Proposal("real", "n t d"), Proposal("real", "n d"), Proposal("real", "d 1")], code, "scores", ["y"]
    )
    assert [each.axes for each in found] == ["n v", "n d", "d 1"]
    labels = as_documented([Proposal("index", "n", "d")], code, "y", ["scores"])
    assert [each.below for each in labels] == ["v", "n", "d"]


def test_nothing_told_changes_nothing():
    """The proposals by name stay as they are."""
    found = [Proposal("real", "n d"), Proposal("real", "d")]
    assert as_documented(found, "def f(x):\n    return x * 2\n", "x", []) == found


def test_what_stands_in_the_place_of_an_index_holds_whole_numbers():
    """One for each row of what its neighbour is documented as, below its columns."""
    code = source("""
        def loss(logits, words):
            n, t, v = logits.shape
            return -sum(logits[i, j, words[i, j]] for i in range(n) for j in range(t))
    """)
    first = as_documented([Proposal("real", "n d")], code, "words", ["logits"])[0]
    assert (first.kind, first.axes, first.below) == ("index", "n t", "v")


def test_shapes_in_one_line_and_behind_quoted_names_are_read():
    """Two of them in one comment, as in `x = [N, G, C], gamma = [1, G, C]`; a name in quotes in a sentence."""
    code = source('''
        def norm(x, gamma, beta, a):
            """Of the last two axes of ``a`` (K, H, W) nothing is kept."""
            # x = [N, T, D], gamma, beta = [1, 1, D], axis = 1
    ''')
    axes = [documented_axes(code, name) for name in ("x", "gamma", "beta", "a")]
    assert len(set(axes[0].split())) == 3
    assert axes[1:3] == [f"1 1 {axes[0].split()[-1]}"] * 2
    assert len(axes[3].split()) == 3


def test_words_tell_of_one_whole_number():
    """And not of an array of them."""
    code = source("""
        def cost(vector, target, labels, rows):
            # Inputs:
            #   - target: integer, the index of the word
            #   - labels: int array, one for each row
            return rows[target] @ vector
    """)
    found = [Proposal("index", "n"), Proposal("index", "n t")]
    assert as_documented(found, code, "target", [])[0] == Proposal("index", "")
    assert as_documented(found, code, "labels", [])[0].axes != ""


THIRDS = """
import numpy as np


def spread(out, t):
    third = out.shape[1] // 3
    share, middle, width = out[:, :third], out[:, third : 2 * third], out[:, 2 * third :]
    apart = (t[:, None] - middle) * np.exp(-width)
    return (share * apart**2 + width).sum() / len(out)


def spread_grad(out, t):
    third = out.shape[1] // 3
    share, middle, width = out[:, :third], out[:, third : 2 * third], out[:, 2 * third :]
    small = np.exp(-width)
    apart = (t[:, None] - middle) * small
    grad = np.empty_like(out)
    grad[:, :third] = apart**2
    grad[:, third : 2 * third] = -2 * share * apart * small
    grad[:, 2 * third :] = 1 - TIMES * share * apart**2
    return grad / len(out)
"""


@pytest.mark.parametrize(("times", "verdict"), [("2", Verdict.PASS), ("1", Verdict.FAIL)])
def test_what_the_code_cuts_in_thirds_has_three_times_some_length(tmp_path, times, verdict):
    """Of another length the last part is wider, and the backward raised."""
    file = tmp_path / "spread.py"
    file.write_text(THIRDS.replace("TIMES", times))
    report = function_here(f"{file}:spread_grad")
    assert report.verdict is verdict
    assert not any(each.id == "crashes" for each in report.findings)


RATED = '''
def misfit(R, K, U, V):
    """R ratings, K 0/1, which of them are known; U, V factors"""
    return 0.5 * ((K * (R - U @ V.T)) ** 2).sum()


def misfit_grad(R, K, U, V):
    left = K * (R - U @ V.T)
    return -left @ V, SIGN(left.T @ U)
'''


@pytest.mark.parametrize(("sign", "verdict"), [("-", Verdict.PASS), ("", Verdict.FAIL)])
def test_what_is_said_to_be_0_or_1_is_a_mask(tmp_path, sign, verdict):
    """Of other numbers the square would have a factor more."""
    file = tmp_path / "rated.py"
    file.write_text(RATED.replace("SIGN", sign))
    report = function_here(f"{file}:misfit_grad")
    assert report.gradients["U"].verdict is Verdict.PASS
    assert report.verdict is verdict


def test_masks_are_said_of_one_argument_at_a_time():
    """Behind a comma, or in brackets that are a shape, another begins."""
    words = source("'''x: data (n, d), mask: which count; y - a binary (n,) label; z is shifted, boolean or not'''")
    assert [is_said_a_mask(words, name) for name in "xyz"] == [False, True, False]
