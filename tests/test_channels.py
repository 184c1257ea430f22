"""The sameness ladder, pair by pair."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.channels import MOST_PAIRS_LISTED, Evidence, across_channels, across_filters, relative_difference
from gradcheck_cli.model import Rung


def evidence(gradient, *, rounding=0.0, is_exact=True, groups=1):
    """Evidence with one rounding bound for all entries; autograd's bits are the gradient itself."""
    gradient = np.asarray(gradient, float)
    return Evidence(gradient, np.full(gradient.shape, rounding), is_exact, gradient, groups)


def pair_of_channels(first, second, **facts):
    """Sameness of one filter with two channels."""
    x = np.arange(8.0).reshape(1, 2, 2, 2)
    return across_channels(evidence([[first, second]], **facts), x, "why")


PLANE = np.arange(1.0, 5.0).reshape(2, 2)


def test_equal_exact_planes_are_identical():
    """Exact gradients that agree in every entry are identical, and the bits are told beside it."""
    found = pair_of_channels(PLANE, PLANE)

    assert (Rung.IDENTICAL, {"identical": 1}, 1) == (found.verdict, found.counts, found.bit_equal_pairs)
    assert (0.0, 0.0) == found.relative_difference


def test_equal_planes_that_are_not_exact_are_identical_to_rounding():
    """Equal float64 numbers prove nothing about the true gradients beyond their rounding."""
    found = pair_of_channels(PLANE, PLANE, is_exact=False, rounding=1e-12)

    assert Rung.IDENTICAL_TO_ROUNDING == found.verdict


def test_the_rounding_of_both_planes_is_allowed():
    """The difference may be as large as both bounds together, and no larger."""
    within = pair_of_channels(PLANE, PLANE + 0.25, is_exact=False, rounding=0.125)
    beyond = pair_of_channels(PLANE, PLANE + 0.25, is_exact=False, rounding=0.124)

    assert Rung.IDENTICAL_TO_ROUNDING == within.verdict
    assert Rung.IDENTICAL_TO_ROUNDING != beyond.verdict


def test_equal_sources_prove_identity_without_exact_gradients():
    """Two channels of X that are equal have identical gradients, whatever the rounding."""
    x = np.ones((1, 2, 2, 2))
    found = across_channels(evidence([[PLANE, PLANE]], is_exact=False, rounding=1e-12), x, "why")

    assert Rung.IDENTICAL == found.verdict


def test_equal_sources_do_not_hide_different_gradients():
    """A gradient that differs although its source is equal is not called identical."""
    x = np.ones((1, 2, 2, 2))
    found = across_channels(evidence([[PLANE, -PLANE]], is_exact=False, rounding=1e-12), x, "why")

    assert Rung.DIFFERENT == found.verdict


def test_one_grey_level_looks_the_same():
    """Within 1 of 256 levels on one common scale, two planes cannot be told apart in a picture."""
    plane = np.linspace(-1000, 1000, 16).reshape(4, 4)
    changed = plane.copy()
    changed[1, 1] += 2000 / 255

    assert Rung.LOOKS_SAME == pair_of_channels(plane, changed).verdict

    changed[1, 1] += 2000 / 255

    assert Rung.NEARLY_SAME == pair_of_channels(plane, changed).verdict


@pytest.mark.parametrize(
    ("second", "rung"),
    [
        (PLANE * 1.009, Rung.NEARLY_SAME),
        (PLANE * 1.5, Rung.SIMILAR_SHAPE),
        (PLANE[::-1, ::-1], Rung.DIFFERENT),
        (-PLANE, Rung.DIFFERENT),
    ],
)
def test_the_lower_rungs(second, rung):
    """One per cent is nearly the same, a factor is a similar shape, a turned plane is different."""
    assert rung == pair_of_channels(PLANE, second).verdict


def test_a_constant_plane_has_no_correlation():
    """The correlation with a constant plane is not a number, so it is never called similar."""
    found = pair_of_channels(np.ones((2, 2)), PLANE)

    assert (Rung.DIFFERENT, None) == (found.verdict, found.correlation)
    assert np.isnan(found.pairs[0].correlation)


def test_the_least_similar_pair_decides():
    """Three channels with one odd one out are different, and the counts tell how many pairs are not."""
    gradient = [[PLANE, PLANE, -PLANE]]
    x = np.arange(12.0).reshape(1, 3, 2, 2)

    found = across_channels(evidence(gradient), x, "why")

    assert (Rung.DIFFERENT, {"identical": 1, "different": 2}) == (found.verdict, found.counts)
    assert [(0, 1), (0, 2), (1, 2)] == [pair.pair for pair in found.pairs]
    assert {0} == {pair.filter for pair in found.pairs}


def test_filters_are_compared_at_each_channel():
    """Two filters with two channels make two pairs, each with the channel they share."""
    gradient = [[PLANE, PLANE], [PLANE, -PLANE]]
    grad_output = np.arange(8.0).reshape(1, 2, 2, 2)

    found = across_filters(evidence(gradient), grad_output, "why")

    assert [(0, Rung.IDENTICAL), (1, Rung.DIFFERENT)] == [(pair.channel, pair.verdict) for pair in found.pairs]


def test_with_one_channel_there_is_nothing_to_compare():
    """No pair means no verdict, never a pass."""
    found = across_channels(evidence([[PLANE]]), np.ones((1, 1, 2, 2)), "why")

    assert (None, {}, ()) == (found.verdict, found.counts, found.pairs)


def test_filters_of_different_groups_are_not_compared():
    """Filters that see different channels have nothing to be the same in."""
    gradient = np.stack([PLANE, PLANE, -PLANE, -PLANE])[:, None]
    grad_output = np.arange(16.0).reshape(1, 4, 2, 2)

    found = across_filters(evidence(gradient, groups=2), grad_output, "why")

    assert [(0, 1), (2, 3)] == [pair.pair for pair in found.pairs]
    assert Rung.IDENTICAL == found.verdict


def test_with_groups_the_channels_of_a_filter_are_those_of_its_group():
    """Equal planes of X prove identity only for the group that reads them."""
    x = np.stack([np.ones((2, 2)), np.ones((2, 2)), np.zeros((2, 2)), PLANE])[None]
    gradient = np.stack([np.stack([PLANE, PLANE]), np.stack([PLANE, PLANE])])

    found = across_channels(evidence(gradient, groups=2, is_exact=False, rounding=1e-9), x, "why")

    assert [Rung.IDENTICAL, Rung.IDENTICAL_TO_ROUNDING] == [pair.verdict for pair in found.pairs]


def test_at_most_two_hundred_pairs_are_listed_the_extremes_among_them():
    """Thirty channels make 435 pairs; the counts cover all, the list holds the nearest and the furthest."""
    planes = [PLANE * (1 + 0.1 * k) for k in range(30)]
    x = np.arange(30.0 * 4).reshape(1, 30, 2, 2)

    found = across_channels(evidence([planes]), x, "why")

    assert (MOST_PAIRS_LISTED, 435) == (len(found.pairs), sum(found.counts.values()))
    listed = [pair.relative_difference for pair in found.pairs]
    assert found.relative_difference == (min(listed), max(listed))


def test_relative_difference_is_by_the_larger_norm():
    """||a - b|| / max(||a||, ||b||): 3-4-5 by hand, and nothing for two zeros."""
    assert 0.8 == relative_difference(np.array([3.0, 4.0]), np.array([3.0, 0.0]))
    assert 0.0 == relative_difference(np.zeros(3), np.zeros(3))


def test_the_difference_is_told_in_the_units_of_the_gradient():
    """Scaled integers are scaled back: 2 in integers is 0.5 in dE/dF when the scale is 1/4."""
    x = np.arange(8.0).reshape(1, 2, 2, 2)
    scaled = replace(evidence([[PLANE, PLANE + 2]]), scale=0.25)

    assert 0.5 == across_channels(scaled, x, "why").pairs[0].max_abs_difference
