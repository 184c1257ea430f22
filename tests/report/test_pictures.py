"""The strips of pictures: which planes, on which scale, and what the sentence under each says."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.model import Rung, Sameness
from gradcheck_cli.report.pictures import MOST_COMPARED, MOST_JUDGED, strips
from tests.report import samples


def named(report):
    """The strips of a report by their ids."""
    return {strip.id: strip for strip in strips(report)}


def of_planes(planes, **found):
    """A run of one filter whose channels have these gradients; `found` says how alike they are."""
    array = np.array([planes], np.float64)
    sides = {"hand": array, "autograd": array, "allowed": np.ones(array.shape)}
    report = samples.sample_run_report(figures=samples.shaped_figures(*array.shape, **sides))
    report = replace(report, experiment=replace(report.experiment, channel_names=()))
    return replace(report, sameness=replace(report.sameness, across_channels=Sameness(reason="", **found)))


DIFFERENT = {
    "verdict": Rung.DIFFERENT,
    "counts": {"different": 1},
    "relative_difference": (0.5, 0.5),
    "correlation": (0.9, 0.9999),
}


def test_three_strips_change_one_thing_each():
    """The range of each panel; one range for all; the same without the means, again one range for all."""
    found = named(of_planes([[[1.0, 2.0]], [[10.0, 14.0]]], **DIFFERENT))
    scales = [
        [(tile.low, tile.high) for tile in found[name].tiles] for name in ("own-ranges", "one-scale", "structure")
    ]

    assert [[(1.0, 2.0), (10.0, 14.0)], [(1.0, 14.0)] * 2, [(-2.0, 2.0)] * 2] == scales
    assert [[[-0.5, 0.5]], [[-2.0, 2.0]]] == [tile.values.tolist() for tile in found["structure"].tiles]


def test_the_sentences_say_what_the_eye_may_conclude():
    """Shapes from the first strip, sizes from the second, structure from the third: with the numbers."""
    found = named(of_planes([[[1.0, 2.0]], [[10.0, 14.0]]], **DIFFERENT))

    assert found["own-ranges"].sentence == (
        "Only shapes can be compared: the ranges are 1 to 4 wide, and two channels of a filter have a correlation of "
        "0.9 to 0.9999. Panels that look alike here need not be the same."
    )
    assert found["one-scale"].sentence == (
        "Sizes can be compared: the largest |entry| of a panel is 2 to 14; two channels of a filter have a relative "
        "difference of 0.5."
    )
    assert found["structure"].sentence == (
        "The structure: means of 1.5 to 12 are taken away, and at most 2 is left of at most 14; two channels of a "
        "filter have a relative difference of 0.75."
    )


@pytest.mark.parametrize(
    ("equal", "told"),
    [
        (1, "All channels of a filter are the same, bit for bit."),
        (0, "All channels of a filter are the same; what tells them apart in the last digits is autograd's rounding."),
    ],
)
def test_channels_that_are_the_same_are_said_to_be(equal, told):
    """Nothing that the eye could see in them is a difference."""
    found = named(of_planes([[[1.0, 2.0]]] * 2, verdict=Rung.IDENTICAL, counts={"identical": 1}, bit_equal_pairs=equal))

    assert [told, told] == [found[name].sentence for name in ("own-ranges", "one-scale")]
    assert found["structure"].sentence.endswith("and at most 0.5 is left of at most 2.")


def test_one_plane_is_compared_with_nothing():
    """Neither channels nor filters: no sentence claims a likeness."""
    found = named(samples.SAMPLES["run-one-plane"]())

    assert found["own-ranges"].sentence == "One panel alone: there is nothing to compare it with."
    assert found["one-scale"].sentence == ""


def test_where_a_filter_has_one_channel_filters_are_compared():
    """With groups the question is asked across filters, if there are two of a group."""
    report = samples.sample_run_report()
    alone = replace(report.sameness, across_channels=Sameness(None, "each filter reads one channel"))
    sentence = named(replace(report, sameness=alone))["one-scale"].sentence

    assert "two filters at a channel have a relative difference" in sentence


def test_a_plane_of_equal_entries_has_no_structure():
    """The rounding of its mean is not drawn as one."""
    found = named(of_planes([[[0.1, 0.1, 0.1]], [[0.3, 0.3, 0.3]]], **DIFFERENT))

    assert found["structure"].sentence == "Nothing is left: each panel is 0.1 to 0.3 everywhere."
    assert not any(tile.values.any() for tile in found["structure"].tiles)


def test_the_photograph_the_reference_and_the_signs_are_small_beside_each_other():
    """X in its own colours, and where O is below and above the reference."""
    origin = named(samples.sample_run_report())["origin"]
    picture, reference, *signs = origin.tiles

    assert ("X, the picture", "coffee.jpg", (20, 20, 3)) == (picture.label, picture.caption, picture.values.shape)
    assert picture.values.mean(axis=(0, 1))[0] > picture.values.mean(axis=(0, 1))[2], "coffee is red, not blue"
    assert "reference" == reference.label
    assert [f"sign(O - ref), filter {o}" for o in range(3)] == [tile.label for tile in signs]
    assert {-1.0, 1.0} >= set(np.unique(np.concatenate([tile.values.ravel() for tile in signs])))
    assert origin.sentence.startswith("dE/dF[o,i] pairs X[i] with G[o]: X's channels differ (by ")


def test_what_has_no_reference_shows_none():
    """A sum of the outputs is compared with nothing; its G has a scale of its own."""
    labels = [tile.label for tile in named(samples.SAMPLES["run-overflow"]())["origin"].tiles]

    assert ["X, the picture", "G, filter 0", "G, filter 1", "G, filter 2"] == labels


def test_each_panel_has_the_name_of_its_colour_and_its_numbers_in_words():
    """Which of blue, green and red it is about; the same words serve those who cannot see it."""
    tile = named(samples.sample_run_report())["one-scale"].tiles[1]

    assert "filter 0, channel 1" == tile.label
    assert tile.caption.startswith("green, -")
    assert tile.alt == f"grad_weight[0, 1] (green): {tile.caption.removeprefix('green, ')}"
    assert "red" in named(samples.SAMPLES["run-grouped"]())["one-scale"].tiles[2].caption, "filter 2 reads channel 2"


@pytest.mark.parametrize(("name", "drawn"), [("run-wrong-input", 3), ("run-wrong-bias", 1), ("run-wrong-weight", 9)])
def test_the_gradient_that_is_wrong_comes_first_from_both_sides(name, drawn):
    """A plane for each picture and channel of grad_input, one row for grad_bias; then the difference, then the rest."""
    found = strips(samples.report(name))

    assert ["hand", "autograd", "difference", "origin"] == [strip.id for strip in found[:4]]
    assert [drawn] * 3 == [len(strip.tiles) for strip in found[:3]]
    assert found[2].sentence.startswith("Further apart than rounding allows in ")
    assert found[2].sentence.endswith(": full colour is wrong, white is right.")


def test_both_sides_share_one_scale_and_the_difference_has_that_of_what_is_allowed():
    """One that is ten times too small looks pale beside the other; full colour is what is not allowed."""
    failing = samples.report("run-wrong-weight")
    sides = {"hand": [[[[0.4, 0.1]]]], "autograd": [[[[4.0, 1.0]]]], "allowed": [[[[2.0, 2.0]]]]}
    figures = samples.shaped_figures(1, 1, 1, 2, **{name: np.array(side) for name, side in sides.items()})
    found = named(replace(failing, figures=figures))

    assert (0.1, 4.0) == (found["hand"].tiles[0].low, found["autograd"].tiles[0].high)
    assert [[-1.8, -0.45]] == found["difference"].tiles[0].values.tolist()
    assert found["difference"].sentence.startswith("Further apart than rounding allows in 1 of 2 entries: ")


def test_equal_sides_are_said_to_be_equal():
    """No speckle of rounding is drawn where there is none."""
    figure = samples.shaped_figures(2, 2, 4, 4).gradients["weight"]
    found = named(samples.sample_run_report(figures=samples.shaped_figures(2, 2, 4, 4, autograd=figure.hand)))

    assert found["difference"].sentence == "White everywhere: both sides are equal in every entry."
    assert not any(tile.values.any() for tile in found["difference"].tiles)


def test_of_many_planes_the_worst_are_judged_and_the_first_filters_compared():
    """And how many are not drawn is counted."""
    hand = np.zeros((40, 1, 2, 2)) + np.arange(40.0).reshape(40, 1, 1, 1)
    figures = samples.shaped_figures(40, 1, 2, 2, hand=hand, autograd=0 * hand, allowed=hand + 50)
    report = samples.sample_run_report(figures=figures)
    report = replace(report, experiment=replace(report.experiment, out_channels=40, channel_names=()))
    found = named(report)

    assert [f"filter {o}, channel 0" for o in range(40 - MOST_JUDGED, 40)] == [
        tile.label for tile in found["difference"].tiles
    ]
    assert (40 - MOST_JUDGED, 40 - MOST_COMPARED) == (found["difference"].left_out, found["one-scale"].left_out)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_counted(value):
    """Each caption says how many, and no scale is made of them."""
    found = named(of_planes([[[value, 2.0]], [[1.0, value]]], **DIFFERENT))

    assert "2 to 2, 1 of 2 not finite" == found["own-ranges"].tiles[0].caption
    assert (1.0, 2.0) == (found["one-scale"].tiles[0].low, found["one-scale"].tiles[0].high)
