"""A gradient in few bits beside plain implementations, entry by entry."""

import numpy as np

from gradcheck_cli.checks.ladder.plain import beside_plain

UNIT = 2.0**-8
RIGHT = np.array([256.0, 1.0, -2.0])


def test_an_error_counts_by_that_of_a_plain_implementation_at_the_same_entry():
    """Off by 1 of 256 is one rounding; off by 1 of 1 is 64 of them where the plain one is off by 1/64."""
    plain = [np.array([257.0, 1 + 1 / 64, -2.0])]
    assert beside_plain(np.array([257.0, 1.0, -2.0]), RIGHT, plain, UNIT).times == 1
    assert beside_plain(np.array([256.0, 2.0, -2.0]), RIGHT, plain, UNIT).times == 64


def test_a_plain_implementation_that_is_right_by_chance_asks_for_no_more_than_a_rounding():
    """2^-8 of the entry."""
    found = beside_plain(np.array([257.0, 1.0, -2.0]), RIGHT, [RIGHT], UNIT)
    assert (found.times, found.is_as_accurate) == (1, True)


def test_a_sum_that_stops_half_way_has_lost_terms():
    """And an error of a rounding or two has not, nor has one that plain implementations make too."""
    halves = np.array([128.0, 1.0, -2.0])
    assert beside_plain(halves, RIGHT, [RIGHT], UNIT).has_lost_terms
    assert not beside_plain(np.array([258.0, 1.0, -2.0]), RIGHT, [RIGHT], UNIT).has_lost_terms
    assert not beside_plain(halves, RIGHT, [halves], UNIT).has_lost_terms


def test_what_is_not_finite_is_no_rounding():
    """An overflow."""
    found = beside_plain(np.array([np.inf, 1.0, -2.0]), RIGHT, [RIGHT], UNIT)
    assert found.times == np.inf
    assert found.has_lost_terms
