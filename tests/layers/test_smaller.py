"""Simpler geometries than one that fails."""

from dataclasses import replace

import pytest

from gradcheck_cli.layers.smaller import HALF, LEAST, ONE, less, smaller
from gradcheck_cli.model import ConvSpec


@pytest.mark.parametrize(
    ("share", "expected"),
    [(LEAST, [1, 1, 1, 1]), (HALF, [1, 1, 2, 5]), (ONE, [1, 1, 2, 8])],
    ids=["least", "halfway", "one less"],
)
def test_a_number_is_made_smaller_in_three_ways(share, expected):
    """To the least value, half the way there, by one; never below the least."""
    assert expected == [less(value, 1, share) for value in (1, 2, 3, 9)]
    assert [0, 0, 0] == [less(value, 0, share) for value in (0, 1, 1)]
    assert 3 == less(6, 0, HALF)


# What each number of the geometry below becomes; None where no convolution has it, or where nothing changes.
PAIRS = {
    "dilation": {LEAST: (1, 1), HALF: (2, 1), ONE: (2, 1)},
    "stride": {LEAST: (1, 1), HALF: (2, 2), ONE: (3, 2)},
    "kernel_size": {LEAST: (1, 1), HALF: (3, 2), ONE: (5, 3)},
    "padding": {LEAST: (0, 0), HALF: (2, 1), ONE: (4, 2)},
}
NUMBERS = {
    "batch": {LEAST: 1, HALF: 3, ONE: 4},
    "in_channels": {LEAST: None, HALF: 4, ONE: None},
    "out_channels": {LEAST: None, HALF: None, ONE: None},
    "height": {LEAST: None, HALF: 30, ONE: 59},
    "width": {LEAST: 1, HALF: 35, ONE: 69},
}


def test_every_number_of_a_geometry_is_tried_the_boldest_first():
    """To the least, halfway, one less; groups first, then pairs together and apart, then the single numbers."""
    spec = ConvSpec(5, 8, 12, 60, 70, (6, 4), (4, 3), (5, 3), (3, 2), 4)
    expected = [
        replace(spec, groups=1),
        replace(spec, in_channels=4, out_channels=4),
        replace(spec, groups=2, in_channels=2, out_channels=2),
    ]
    for share in (LEAST, HALF, ONE):
        for name, less_of in PAIRS.items():
            before, after = getattr(spec, name), less_of[share]
            for pair in (after, (after[0], before[1]), (before[0], after[1])):
                expected.append(replace(spec, **{name: pair}))
        for name, less_of in NUMBERS.items():
            expected += [] if less_of[share] is None else [replace(spec, **{name: less_of[share]})]

    assert [found for found in expected if found != spec] == list(smaller(spec))
    assert [] == list(smaller(ConvSpec(1, 1, 1, 1, 1, (1, 1))))


def test_without_groups_none_are_tried():
    """A layer of one group has no fewer."""
    found = list(smaller(ConvSpec(2, 2, 2, 5, 5, (2, 2))))
    assert {1} == {spec.groups for spec in found}
    assert {(1, 2), (2, 1), (2, 2)} == {(spec.in_channels, spec.out_channels) for spec in found}


def test_a_geometry_with_other_zeros_on_each_side_comes_to_its_least_and_no_further():
    """Sides that differ by more than the kernel has taps are not traded for a larger kernel, which shrinks again."""
    spec = ConvSpec(2, 3, 4, 7, 8, (3, 3), padding=(1, 0), extra_after=(1, 3))
    seen = {spec}
    while found := next(iter(smaller(spec)), None):
        assert found not in seen
        seen.add(found)
        spec = found
    assert spec == ConvSpec(1, 1, 1, 1, 1, (1, 1))
    differing = replace(spec, extra_after=(0, 3))
    assert {each.extra_after[1] for each in smaller(differing)} == {0, 1, 2}
