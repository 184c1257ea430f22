"""The sameness ladder, pair by pair."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from gradcheck_cli.model import ChannelPair, Rung, Sameness
from gradcheck_cli.sameness import channels
from gradcheck_cli.sameness.channels import (
    MOST_PAIRS_LISTED,
    Evidence,
    across_channels,
    across_filters,
    equal_planes,
    relative_difference,
)

SEEDS = st.integers(0, 2**32 - 1)


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

    assert Sameness(verdict=None, reason="why") == found


def test_filters_of_different_groups_are_not_compared():
    """Filters that see different channels have nothing to be the same in."""
    gradient = np.stack([PLANE, PLANE, -PLANE, -PLANE])[:, None]
    grad_output = np.arange(16.0).reshape(1, 4, 2, 2)

    found = across_filters(evidence(gradient, groups=2), grad_output, "why")

    assert [(0, 1), (2, 3)] == [pair.pair for pair in found.pairs]
    assert Rung.IDENTICAL == found.verdict


def test_with_groups_equal_sources_are_looked_for_among_the_filters_of_the_group():
    """Filters 2 and 3 have the same G, filters 0 and 1 have not."""
    gradient = np.stack([PLANE] * 4)[:, None]
    grad_output = np.array([1.0, 0.0, 1.0, 1.0]).reshape(1, 4, 1, 1)

    found = across_filters(evidence(gradient, groups=2, is_exact=False, rounding=1e-9), grad_output, "why")

    assert [Rung.IDENTICAL_TO_ROUNDING, Rung.IDENTICAL] == [pair.verdict for pair in found.pairs]


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


def test_one_per_cent_is_nearly_the_same_and_more_is_not():
    """[100, 0] and [99, 0] differ by exactly 1 %, which is nearly the same; [98, 0] only has the same shape."""
    plane = np.array([[100.0, 0.0]])

    assert (Rung.NEARLY_SAME, (0.01, 0.01)) == rung_and_difference(plane, np.array([[99.0, 0.0]]))
    assert (Rung.SIMILAR_SHAPE, (0.02, 0.02)) == rung_and_difference(plane, np.array([[98.0, 0.0]]))


def rung_and_difference(first, second):
    """The verdict on two channels and their relative difference."""
    found = pair_of_channels(first, second)
    return found.verdict, found.relative_difference


def test_a_correlation_of_99_per_cent_is_a_similar_shape():
    """Both planes have sum 0 and sum of squares 100, and their product is 4*5 + 5*4 + 49 + 9 + 1 = 99."""
    first, second = np.array([[4.0, 5, -7, -3, 1]]), np.array([[5.0, 4, -7, -3, 1]])

    found = pair_of_channels(first, second)

    assert (Rung.SIMILAR_SHAPE, (0.99, 0.99)) == (found.verdict, found.correlation)


def test_a_correlation_never_leaves_minus_one_to_one():
    """The centred plane times itself is rounded to more than its norm squared; the correlation stays 1, or -1."""
    plane = np.array([[7.0, 3.0], [0.0, -4.0]])

    assert (1.0, 1.0) == pair_of_channels(plane, plane).correlation
    assert (-1.0, -1.0) == pair_of_channels(plane, -plane).correlation


@pytest.mark.parametrize(
    ("second", "rung"),
    [
        # 0.4 is black, 1.6 is level 2: two levels apart.
        ([0.0, 255.0, 1.6], Rung.NEARLY_SAME),
        # 0.4 is black, 1.497 is level 1, of 255; it would be level 2 of 256.
        ([0.0, 255.0, 1.497], Rung.LOOKS_SAME),
    ],
)
def test_grey_levels_are_rounded_on_the_scale_of_the_pair(second, rung):
    """Level 0 is the lowest number of the pair and level 255 the highest, wherever they lie."""
    first = np.array([[0.0, 255.0, 0.4]])

    assert rung == pair_of_channels(first + 0.25, np.array([second]) + 0.25).verdict


def test_planes_of_zeros_differ_by_nothing():
    """Seventeen channels without any gradient: 136 pairs, every difference is 0 and no correlation is a number."""
    x = np.arange(17.0 * 4).reshape(1, 17, 2, 2)

    found = across_channels(evidence(np.zeros((1, 17, 2, 2))), x, "why")

    assert (Rung.IDENTICAL, {"identical": 136}) == (found.verdict, found.counts)
    assert ((0.0, 0.0), None) == (found.relative_difference, found.correlation)
    assert {0.0} == {pair.relative_difference for pair in found.pairs}


def test_planes_are_equal_only_if_they_are_in_every_sample():
    """Planes 0 and 2 agree in both samples, planes 0 and 1 in the first alone."""
    planes = np.array([[[1.0], [2.0]], [[1.0], [3.0]], [[1.0], [2.0]]])

    assert [[True, False, True], [False, True, False], [True, False, True]] == equal_planes(planes).tolist()


PAIRS_OF_30 = list(combinations(range(30), 2))


def test_the_pairs_that_are_listed_are_the_nearest_and_the_furthest():
    """With prime factors no two of the 435 pairs differ alike: the 100 nearest and 100 furthest, in their order."""
    primes = [n for n in range(2, 114) if all(n % k for k in range(2, n))]
    factors = np.random.default_rng(0).permutation(primes)
    x = np.arange(30.0 * 4).reshape(1, 30, 2, 2)

    found = across_channels(evidence([[PLANE * factor for factor in factors]]), x, "why")

    differences = {(a, b): 1 - Fraction(*sorted((int(factors[a]), int(factors[b])))) for a, b in PAIRS_OF_30}
    ranked = sorted(PAIRS_OF_30, key=differences.__getitem__)
    assert sorted(ranked[:100] + ranked[-100:]) == [pair.pair for pair in found.pairs]


@pytest.mark.parametrize("at_once", [1, 7, 8, 100])
def test_planes_that_are_compared_in_blocks_are_compared_the_same(monkeypatch, at_once):
    """The bound on the memory of a comparison changes nothing of what is found."""
    x = np.arange(24.0).reshape(1, 6, 2, 2)
    layer = evidence([[PLANE * factor for factor in (1, 2, 2, -1, 3, 1)]])
    expected = across_channels(layer, x, "why")

    monkeypatch.setattr(channels, "ENTRIES_AT_ONCE", at_once)

    assert expected == across_channels(layer, x, "why")
    assert list(combinations(range(6), 2)) == [pair.pair for pair in expected.pairs]


@given(SEEDS)
def test_both_directions_agree_with_the_ladder_in_fractions(seed):
    """Every pair, its numbers, its rung, and the summary of all pairs, for random layers with groups."""
    layer = random_layer(np.random.default_rng(seed))

    expected_channels = [
        by_hand(layer, (o, a), (o, b), filter=o, pair=(a, b), source=layer.x[:, [first + a, first + b]])
        for o in range(len(layer.evidence.gradient))
        for first in [layer.group_of(o) * layer.channels]
        for a, b in combinations(range(layer.channels), 2)
    ]
    expected_filters = [
        by_hand(layer, (o, i), (p, i), channel=i, pair=(o, p), source=layer.grad_output[:, [o, p]])
        for group in range(layer.evidence.groups)
        for i in range(layer.channels)
        for o, p in combinations(range(group * layer.filters, (group + 1) * layer.filters), 2)
    ]

    assert_sameness(expected_channels, "X", across_channels(layer.evidence, layer.x, "X"))
    assert_sameness(expected_filters, "G", across_filters(layer.evidence, layer.grad_output, "G"))


@dataclass(frozen=True)
class Layer:
    """What the ladder gets; filters and channels are those of one group."""

    evidence: Evidence
    x: np.ndarray
    grad_output: np.ndarray
    filters: int
    channels: int

    def group_of(self, o):
        """The group of filter o."""
        return o // self.filters


def random_layer(rng):
    """A layer in whose planes (small integers times a power of 2) every rung occurs."""
    groups, filters, depth = (int(rng.integers(1, most + 1)) for most in (2, 3, 3))
    shape = (groups * filters, depth, *(int(n) for n in rng.integers(1, 4, 2)))
    unit = 2.0 ** float(rng.choice([-12, 0, 12]))
    base = rng.integers(-9, 10, shape[2:]) * rng.choice([1, 100])
    factors = rng.choice([0, 1, 1, 1, 2, -1, 1.0078125, 1.03125], shape[:2])[..., None, None]
    bumps = rng.integers(-3, 4, shape) * (rng.random(shape) < rng.choice([0, 0.2, 1]))
    rounding = rng.choice([0, 0, 0.5, 1], shape[:2])[..., None, None] * rng.integers(0, 3, shape)
    evidence = Evidence(
        gradient=(base * factors + bumps) * unit,
        rounding=rounding * unit * rng.integers(0, 2),
        is_exact=bool(rng.integers(0, 2)),
        returned=(rng.random(shape) < 0.1).astype(float),
        groups=groups,
        scale=float(rng.choice([0.25, 3.0])),
    )
    x = rng.integers(0, 2, (2, groups * depth, 1, 1)).astype(float)
    grad_output = rng.integers(0, 2, (2, groups * filters, 1, 1)).astype(float)
    return Layer(evidence, x, grad_output, filters, depth)


def by_hand(layer, one, other, source, **place):
    """The pair of the planes at (filter, channel) `one` and `other`, in exact arithmetic."""
    a, b = fractions(layer.evidence.gradient[one]), fractions(layer.evidence.gradient[other])
    allowed = [p + q for p, q in zip(*(fractions(layer.evidence.rounding[at]) for at in (one, other)), strict=True)]
    gaps = [abs(p - q) for p, q in zip(a, b, strict=True)]
    within = all(gap <= bound for gap, bound in zip(gaps, allowed, strict=True))
    same_source = source[:, 0].tolist() == source[:, 1].tolist()
    norm = max(dot(a, a), dot(b, b))
    difference = dot(gaps, gaps) / norm if norm else Fraction(0)
    product, spread = centred(a, b), centred(a, a) * centred(b, b)
    # Where a square root decides on the limit itself, floating point may fall on either side of it.
    assume(difference != Fraction(1, 10_000) and Fraction(9801, 10_000) * spread != product**2)
    rungs = {
        Rung.IDENTICAL: (same_source and within) or (layer.evidence.is_exact and not any(gaps)),
        Rung.IDENTICAL_TO_ROUNDING: within,
        Rung.LOOKS_SAME: all(abs(p - q) <= 1 for p, q in zip(*grey(a, b), strict=True)),
        Rung.NEARLY_SAME: difference < Fraction(1, 10_000),
        Rung.SIMILAR_SHAPE: product > 0 and product**2 > Fraction(9801, 10_000) * spread,
        Rung.DIFFERENT: True,
    }
    return ChannelPair(
        verdict=next(rung for rung, holds in rungs.items() if holds),
        relative_difference=math.sqrt(difference),
        correlation=float(product) / math.sqrt(spread) if spread else math.nan,
        max_abs_difference=float(max(gaps)) * layer.evidence.scale,
        bit_equal=layer.evidence.returned[one].tolist() == layer.evidence.returned[other].tolist(),
        **place,
    )


def fractions(plane):
    """The entries of a plane as fractions, in one list."""
    return [Fraction(entry) for row in plane.tolist() for entry in row]


def dot(a, b):
    """Sum of the products."""
    return sum(p * q for p, q in zip(a, b, strict=True))


def centred(a, b):
    """Sum of the products of what is left when the means are taken away."""
    return dot(a, b) - sum(a) * sum(b) / len(a)


def grey(a, b):
    """Both planes as grey levels 0 to 255 of their common scale; ties go to the even level."""
    lowest, highest = min(a + b), max(a + b)
    return [[round(255 * (entry - lowest) / ((highest - lowest) or 1)) for entry in plane] for plane in (a, b)]


def assert_sameness(pairs, reason, found):
    """Hold every field against the pairs by hand; the roots may be rounded."""
    close = [{"relative_difference": 0.0, "correlation": 0.0} for _ in pairs]
    assert [replace(pair, **new) for pair, new in zip(pairs, close, strict=True)] == [
        replace(pair, **new) for pair, new in zip(found.pairs, close, strict=True)
    ]
    for name in ("relative_difference", "correlation"):
        numbers = [getattr(pair, name) for pair in pairs]
        assert numbers == pytest.approx([getattr(pair, name) for pair in found.pairs], abs=1e-12, nan_ok=True)
        told = [number for number in numbers if not math.isnan(number)]
        extremes = pytest.approx((min(told), max(told)), abs=1e-12) if told else None
        assert extremes == getattr(found, name)
    verdicts = [pair.verdict for pair in pairs]
    assert {rung: verdicts.count(rung) for rung in Rung if rung in verdicts} == found.counts
    assert (max(verdicts, key=list(Rung).index, default=None), reason) == (found.verdict, found.reason)
    assert sum(pair.bit_equal for pair in pairs) == found.bit_equal_pairs
