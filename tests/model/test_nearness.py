"""Only what is truly near is offered: a slip of the keyboard, or a word whose end is missing."""

import pytest

from gradcheck_cli.model.nearness import did_you_mean, nearest, slips


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("nwhc", ["nhwc"]),
        ("bath-mean", ["batch-mean"]),
        ("tolerence", ["tolerance"]),
        ("Coffe", ["coffee"]),
        ("conv_back", ["conv_backward"]),
        ("inn", ["in"]),
        ("k", ["k"]),
        ("photo2", ["photo"]),
    ],
)
def test_a_slip_is_near(typed, meant):
    """Wrong, missing, doubled and swapped letters; capitals; a word that ends early."""
    words = ["nchw", "nhwc", "batch-mean", "bias-missing", "tolerance", "coffee", "conv_backward", "in", "k", "photo"]

    assert meant == nearest(typed, words)


@pytest.mark.parametrize("typed", ["nofile", "zzz", "x", "", "conv", "kernel", "con"])
def test_what_has_only_some_letters_in_common_is_not_near(typed):
    """Neither half of the letters nor a beginning of three makes a word near."""
    assert [] == nearest(typed, ["broken", "probably broken", "seed", "k", "con_vexity", "convolutional"][:4])
    assert did_you_mean(typed, ["probably broken"]) is None


def test_the_nearest_comes_first_and_each_once():
    """Two slips after one."""
    assert ["backward", "backwards"] == nearest("backwrd", ["backwards", "backward", "backward"], most=3)


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [("", "", 0), ("abc", "", 3), ("abc", "acb", 1), ("abcd", "acbd", 1), ("kitten", "sitting", 3), ("ab", "ba", 1)],
)
def test_slips_are_counted(one, other, count):
    """Both ways the same."""
    assert (count, count) == (slips(one, other), slips(other, one))
