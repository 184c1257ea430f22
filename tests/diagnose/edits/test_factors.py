"""Factors as a person would write them."""

from gradcheck_cli.diagnose.edits.factors import named

SIZES = [{"axis 2": 4, "axis 3": 6}, {"axis 2": 6, "axis 3": 2}]


def test_one_length_for_another_is_their_ratio():
    """As in a mean over both that divides by one of them twice."""
    assert named([6 / 4, 2 / 6], SIZES).words == "N/M, N being axis 3 and M axis 2"


def test_a_ratio_that_stays_is_a_number():
    """It hangs on no length, as far as these samples show."""
    assert named([1.5, 1.5], SIZES).words == "1.5"
    assert named([2 / 3], SIZES[:1]) is None


def test_one_length_is_plainer_than_two():
    """1/N before any ratio."""
    assert named([1 / 4, 1 / 6], SIZES).words == "1/N, N being axis 2"


def test_lengths_that_were_always_equal_are_all_named():
    """Nobody knows which of them it is; one name is enough for an array."""
    sizes = [{"axis 0 of x": 3, "axis 0 of y": 3, "entries of y": 3, "axis 1 of x": 5}, {}]
    sizes[1] = {"axis 0 of x": 4, "axis 0 of y": 4, "entries of y": 4, "axis 1 of x": 3}
    assert named([1 / 3, 1 / 4], sizes).words == "1/N, N being axis 0 of x or axis 0 of y"
