"""Constant factors by name and by value, and the exact test for one of them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gradcheck_cli.diagnose.factors import NONE, close, exactly, fitted, named_factors, ratio
from gradcheck_cli.model import GRADIENTS, ConvSpec

# All fifteen sizes differ: 4x9 outputs.
SPEC = ConvSpec(2, 6, 12, 19, 23, (4, 7), stride=(5, 2), padding=(1, 0), groups=3)
SIZES = {
    "N": 2,
    "P*Q": 36,
    "N*P*Q": 72,
    "numel(O)": 864,
    "P": 4,
    "Q": 9,
    "H": 19,
    "W": 23,
    "H*W": 437,
    "c_in": 6,
    "c_out": 12,
    "kh*kw": 28,
    "c_in*kh*kw": 56,
    "stride": 5,
    "groups": 3,
}
BRACKETS = {"P*Q", "N*P*Q", "H*W", "kh*kw", "c_in*kh*kw"}


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_every_size_is_a_factor_and_a_divisor_with_both_signs(gradient):
    """Names, ids and values; a mean over the outputs of an image is a mistake of its own in dE/db."""
    expected = [("-1", ("sign-flipped",), Fraction(-1))]
    for name, size in SIZES.items():
        divisor = f"1/({name})" if name in BRACKETS else f"1/{name}"
        identifier = "batch-mean" if name == "N" else "scaled-constant"
        if gradient == "bias" and name in ("P*Q", "N*P*Q"):
            identifier = "bias-spatial-mean"
        expected += [
            (divisor, (identifier,), Fraction(1, size)),
            (f"-{divisor}", ("sign-flipped", identifier), Fraction(-1, size)),
            (name, ("scaled-constant",), Fraction(size)),
            (f"-{name}", ("sign-flipped", "scaled-constant"), Fraction(-size)),
        ]

    assert expected == [(found.name, found.ids, found.value(SPEC)) for found in named_factors(gradient)]


def test_no_factor_is_1():
    """Without a name and without a mistake."""
    assert ("", (), 1) == (NONE.name, NONE.ids, NONE.value(SPEC))


@pytest.mark.parametrize(
    ("base", "actual", "expected"),
    [
        ([1, -2, 3], [2, -4, 6], 2.0),
        ([1, -2, 3], [-1, 2, -3], -1.0),
        ([4, 2], [1, 0.5], 0.25),
        ([1, 2], [2, 5], None),
        ([1, 2], [0, 0], None),
        ([0, 0], [1, 2], None),
        ([], [], None),
        ([1, 2], [1, 2, 3], None),
        # Read off where |base| is largest: one more at the small entry is within 1e-6 of the large one.
        ([1, -4e6], [2, -4e6], 1.0),
        ([1, 4e6], [2, 4e6], 1.0),
        # At the bound, 1e-6 times the largest of what is returned, and just above.
        ([4, 0], [8, 8 * 1e-6], 2.0),
        ([4, 0], [-8, -8 * 1e-6], -2.0),
        ([-4, 0], [8, 8 * 1e-6], -2.0),
        ([4, 0], [8, np.nextafter(8 * 1e-6, 1)], None),
        ([4, 0], [2, 2 * 1e-6], 0.5),
        ([4, 0], [2, 4 * 1e-6], None),
    ],
)
def test_a_ratio_is_read_off_what_is_proportional_at_a_glance(base, actual, expected):
    """None where it is not, or where the ratio is 0."""
    assert expected == ratio(np.array(base, np.float64), np.array(actual, np.float64))


@pytest.mark.parametrize(
    ("found", "value", "expected"),
    [
        (2.0, Fraction(2), True),
        (0.0, Fraction(0), True),
        (-2.0, Fraction(2), False),
        (100 + 5e-5, Fraction(100), True),
        (100 - 5e-5, Fraction(100), True),
        (-100 - 5e-5, Fraction(-100), True),
        (100 + 2e-4, Fraction(100), False),
        (0.01 + 5e-9, Fraction(1, 100), True),
        (0.01 + 2e-8, Fraction(1, 100), False),
        (-0.01 - 2e-8, Fraction(-1, 100), False),
    ],
)
def test_a_ratio_is_close_to_a_factor_within_a_millionth_of_it(found, value, expected):
    """Large or small, of either sign."""
    assert expected == close(found, value)


@pytest.mark.parametrize(
    ("found", "name", "value"),
    [
        (2.0, "2", Fraction(2)),
        (0.01, "0.01", Fraction(1, 100)),
        (-0.5, "-0.5", Fraction(-1, 2)),
        (1 / 3, "1/3", Fraction(1, 3)),
        (-2 / 7, "-2/7", Fraction(-2, 7)),
        (1e-5, "1e-05", Fraction(1, 100_000)),
        (1234567.0, "1234567", Fraction(1_234_567)),
        (-2.5, "-2.5", Fraction(-5, 2)),
        (1000 * (1 + 5e-12), "1000", Fraction(1000)),
        (0.001 * (1 - 5e-12), "0.001", Fraction(1, 1000)),
    ],
)
def test_a_simple_fraction_is_read_off(found, name, value):
    """Its name is short where a short decimal number is the fraction."""
    factor = fitted(found)

    assert (name, ("scaled-constant",), value) == (factor.name, factor.ids, factor.value(SPEC))


def test_minus_1_is_the_sign():
    """No constant of its own."""
    factor = fitted(-1.0)

    assert ("-1", ("sign-flipped",), -1) == (factor.name, factor.ids, factor.value(SPEC))


@pytest.mark.parametrize(
    "found",
    [0.0, 1.0, 1e-7, 2**0.5, 1 / 100_001, 1000 * (1 + 2e-11), 0.001 * (1 - 2e-11), 1 + 2e-11],
    ids=["0", "1", "nearer to 0 than to 1/100000", "root", "1/100001", "above 1000", "below 1/1000", "above 1"],
)
def test_what_is_no_simple_fraction_is_no_factor(found):
    """0 and 1 are none either."""
    assert fitted(found) is None


@pytest.mark.parametrize(
    ("base", "actual", "value", "error", "expected"),
    [
        # Times 1: nothing is rounded.
        ([3, -5], [3, -5], 1, 0.0, True),
        ([3, -5], [3.1, -5], 1, 0.2, False),
        ([3, -5], [3, -5, 1], 1, 0.0, False),
        # Rounded to integers, which is a proof below 1/4: the bound is the error times the numerator.
        ([3, 6], [1.05, 2], Fraction(1, 3), 0.2, True),
        ([3, 6], [1.1, 2], Fraction(1, 3), 0.2, False),
        ([3, 6], [4 / 3, 2], Fraction(1, 3), 0.2, False),
        ([3, 6], [1.5 + 0.0625, 3], Fraction(1, 2), 0.125, True),
        ([3, 6], [1.5 + 0.0626, 3], Fraction(1, 2), 0.125, False),
        ([2, 4], [-3 + 0.09375, -6], Fraction(-3, 2), 0.0625, True),
        ([2, 4], [-3 + 0.1, -6], Fraction(-3, 2), 0.0625, False),
        # No proof from 1/4 on: twice the error times the factor may be between the two.
        ([3, 0], [3.5, 0], 1, 0.25, True),
        ([3, 0], [np.nextafter(3.5, 4), 0], 1, 0.25, False),
        ([3, 0], [-6 - 1.0, 0], -2, 0.25, True),
        ([3, 0], [-6 - 1.01, 0], -2, 0.25, False),
        ([7, 0], [3.05, 0], Fraction(3, 7), 0.1, True),
        ([7, 0], [3.1, 0], Fraction(3, 7), 0.1, False),
        ([7, 0], [3.2, 0], Fraction(3, 7), 0.1, False),
        # Nor where not every integer has a number of its own.
        ([2.0**53, 3], [2.0**53, 3.375], 1, 0.1875, True),
        ([2.0**53, 3], [2.0**53, 3.5], 1, 0.1875, False),
        ([2.0**53 - 1, 3], [2.0**53 - 1, 3.375], 1, 0.1875, False),
        ([-(2.0**52), 3], [-(2.0**53), 6.5], 2, 0.125, True),
        ([2.0**54, 3], [2.0**53, 1.5 + 0.1], Fraction(1, 2), 0.125, True),
        # Nothing is nothing.
        ([], [], 1, 0.0, True),
        ([], [], 1, 1.0, True),
    ],
)
def test_a_factor_is_undone_and_the_rest_compared_as_integers(base, actual, value, error, expected):
    """By hand, at the edges of what rounding may do."""
    assert expected is exactly(np.array(base, np.float64), np.array(actual, np.float64), Fraction(value), error)


FACTORS = st.builds(Fraction, st.integers(-12, 12).filter(bool), st.integers(1, 40))


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=6), FACTORS)
def test_integers_times_a_fraction_are_always_recognised(numbers, value):
    """Rounded once per entry; one unit more in one entry is seen."""
    base = np.array(numbers, np.float64)
    actual = np.array([float(number * value) for number in numbers])
    error = 2.0**-52 * max(map(abs, numbers)) * 40

    assert exactly(base, actual, value, error)
    moved = actual.copy()
    moved[-1] = float((numbers[-1] + 1) * value)
    assert not exactly(base, moved, value, error)
