"""Bounds: numbers by hand, then right code that never exceeds them, then faults that do."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gradcheck_cli.numbers import rounding
from gradcheck_cli.numbers.formats import cut_to, rounded_to

SEEDS = st.integers(0, 2**32 - 1)
DENORMAL32, DENORMAL16 = 2.0**-149, 2.0**-24


def test_unit_roundoffs_are_half_the_distance_from_one_to_the_next_number():
    """u is 2^-24, 2^-53, 2^-8 and 2^-11."""
    expected = {"float32": 2.0**-24, "float64": 2.0**-53, "bfloat16": 2.0**-8, "float16": 2.0**-11}
    assert expected == dict(rounding.UNIT_ROUNDOFF)
    assert np.finfo(np.float32).eps / 2 == rounding.UNIT_ROUNDOFF["float32"]
    assert np.finfo(np.float64).eps / 2 == rounding.UNIT_ROUNDOFF["float64"]


def test_allowed_float64_by_hand():
    """2 (n+2) u A: n = 6, A = 4 gives 64 u."""
    assert rounding.allowed_float64(6, np.array([4.0]))[0] == 64 * 2.0**-53


def test_allowed_float64_without_any_product_is_a_few_denormals():
    """A = 0 allows 2n denormals and nothing else."""
    assert rounding.allowed_float64(5, np.zeros(1))[0] == 10 * 2.0**-1074


def test_allowed_low_float32_by_hand():
    """(n+2) u A with n = 6, A = 2, and 12 denormals that vanish beside it."""
    assert rounding.allowed_low("float32", 6, np.array([2.0]), np.array([1.0]))[0] == 16 * 2.0**-24


def test_allowed_low_float64_is_one_sided():
    """One code's worst case is half of what two may differ by."""
    gauge = np.array([3.0, 700.0])
    assert (rounding.allowed_low("float64", 9, gauge, gauge) == rounding.allowed_float64(9, gauge) / 2).all()


def test_allowed_low_bfloat16_by_hand():
    """u_out |g| plus the float32 sum, which is rounded once more."""
    allowed = rounding.allowed_low("bfloat16", 6, np.array([2.0]), np.array([1.0]))[0]
    assert allowed == pytest.approx(2.0**-8 + (1 + 2.0**-8) * 16 * 2.0**-24, rel=1e-12, abs=0)


def test_allowed_low_of_sums_that_are_cut():
    """Four times the sum's part, in any format."""
    for dtype, stored in (("float32", 0.0), ("bfloat16", 2.0**-8)):
        allowed = rounding.allowed_low(dtype, 6, np.array([2.0]), np.array([1.0]), cuts=True)[0]
        assert allowed == pytest.approx(stored + (1 + stored) * 16 * 2.0**-22, rel=1e-12, abs=0)


def test_allowed_low_float16_has_an_absolute_term():
    """A result of 0 may still be half the smallest float16, 2^-25, away."""
    assert rounding.allowed_low("float16", 1, np.zeros(1), np.zeros(1))[0] == pytest.approx(2.0**-25, rel=1e-12, abs=0)


def test_allowed_tf32_by_hand():
    """Two factors that are off by 2^-10 each, and (n+2) 2^-22 of what they then come to; n = 6, A = 2."""
    factors = (1 + 2.0**-10) ** 2 - 1
    expected = factors * 2 + (1 + factors) * 16 * 2.0**-22
    assert rounding.allowed_tf32(6, np.array([2.0]))[0] == pytest.approx(expected, rel=1e-12, abs=0)
    assert rounding.allowed_tf32(6, np.zeros(1))[0] == 12 * DENORMAL32


@pytest.mark.parametrize("fewer", [rounded_to, cut_to])
@given(SEEDS)
def test_sums_of_factors_of_11_bits_stay_within_what_tf32_allows(fewer, seed):
    """Whether hardware rounds or cuts, and whether it cuts each sum as well."""
    rng = np.random.default_rng(seed)
    first, second = (rng.standard_normal(50).astype(np.float32).astype(np.float64) for _ in range(2))
    total = 0.0
    for product in fewer(first, 11) * fewer(second, 11):
        total = float(fewer(np.array(total + product), 24))
    allowed = rounding.allowed_tf32(50, np.array(np.abs(first * second).sum()))
    assert abs(total - math.fsum(first * second)) <= allowed


def cut_sum(first, second, width, bits):
    """As a unit of matrix products does it: `width` products at a time, and what there is already."""
    exponents = np.frexp(first)[1] + np.frexp(second)[1] - 2
    total = 0.0
    for start in range(0, len(first), width):
        products = first[start : start + width] * second[start : start + width]
        addends = np.append(products, total)
        of_total = np.frexp(total)[1] - 1 if total else -126
        step = 2.0 ** (max(*exponents[start : start + width], of_total) - bits)
        total = float(cut_to(np.array((np.trunc(addends / step) * step).sum()), 24))
    return total


@pytest.mark.parametrize("bits", [23, 24, 25])
@pytest.mark.parametrize("width", [1, 4, 8, 16])
@given(SEEDS)
def test_units_that_cut_lose_what_the_proof_says(width, bits, seed):
    """Twice 2^-23 for each addition, of signs and sizes as they come; halves of the sum may be rounded together."""
    rng = np.random.default_rng(seed)
    first, second = (cut_to(rng.standard_normal(60) * 2.0 ** rng.integers(-9, 9, 60), 11) for _ in range(2))
    first = np.abs(first) if seed % 2 else first
    whole = cut_sum(first, second, width, bits)
    halves = np.float32(cut_sum(first[:23], second[:23], width, bits)) + np.float32(
        cut_sum(first[23:], second[23:], width, bits)
    )
    exact, sizes = math.fsum(first * second), math.fsum(np.abs(first * second))
    for total in (whole, float(halves)):
        assert abs(total - exact) <= 2 * (60 - 1) * 2.0**-23 * sizes


def test_units_that_cut_lose_more_than_rounding_does():
    """Of 1 and many that are just too small for its bits nothing is left of these: the bound is not idle."""
    first = np.append(1.0, np.full(200, (2 - 2.0**-10) * 2.0**-24))
    second = np.ones(201)
    error = abs(cut_sum(first, second, 4, 23) - math.fsum(first * second))
    sizes = np.array(math.fsum(first))

    assert error == pytest.approx(200 * 2.0**-23, rel=1e-3)
    assert rounding.allowed_low("float32", 201, sizes, sizes) < error <= rounding.allowed_tf32(201, sizes) / 2 + 1
    assert error <= 2 * 200 * 2.0**-23 * sizes


@pytest.mark.parametrize("width", [1, 4, 16])
@given(SEEDS)
def test_units_that_cut_keep_whole_numbers(width, seed):
    """Of 11 bits, as long as their sum stays below 2^24: the exact probes stay exact there."""
    rng = np.random.default_rng(seed)
    first, second = (rng.integers(-300, 300, 60).astype(np.float64) for _ in range(2))
    assert cut_sum(first, second, width, 23) == (first * second).sum()


def test_ratio_float32_by_hand():
    """3 * 2^-24 * A is 3 units, an error without a gauge is infinitely many, no error is none."""
    ratio = rounding.ratio_float32(np.array([-6 * 2.0**-24, 1e-300, 0.0]), np.array([2.0, 0.0, 0.0]))
    assert ratio.tolist() == [3.0, np.inf, 0.0]


def test_typical_limit_of_the_forum_layer():
    """225 x 225 terms are typical up to 225 units."""
    assert rounding.typical_limit(225 * 225) == 225.0


def test_allowed_fft_by_hand():
    """2 log2(P) u ||X|| ||G||: P = 1024, norms 3 and 5, gives 300 u."""
    assert rounding.allowed_fft(1024, 3.0, 5.0, "float64") == 300 * 2.0**-53
    assert rounding.allowed_fft(1024, 3.0, 5.0, "bfloat16") == 300 * 2.0**-24


def test_allowed_fft_broadcasts_filters_against_channels():
    """Norms (f, 1) and (1, c) give a table (f, c)."""
    assert rounding.allowed_fft(4, np.ones((1, 2)), np.ones((3, 1)), "float64").shape == (3, 2)


def _dot_orders(first, second):
    """The same sum in float64 by several orders."""
    products = first * second
    return [np.dot(first, second), products.sum(), np.cumsum(products)[-1], np.cumsum(products[::-1])[-1]]


@given(SEEDS, st.integers(1, 300), st.floats(-250, 250))
def test_allowed_float64_is_never_exceeded_by_any_order(seed, terms, scale):
    """Right code is never called different, for one-signed data, wide ranges and tiny numbers."""
    rng = np.random.default_rng(seed)
    first = np.abs(rng.standard_normal(terms)) * 10.0**scale
    second = rng.standard_normal(terms) * 10.0 ** rng.integers(-30, 30, terms)
    sums = _dot_orders(first, second)
    allowed = rounding.allowed_float64(terms, np.abs(first) @ np.abs(second))
    assert max(sums) - min(sums) <= allowed


@given(SEEDS, st.integers(1, 300))
def test_allowed_low_is_never_exceeded_by_float32_sums(seed, terms):
    """A sequential float32 sum of one sign, the worst there is, stays within (n+2) u A."""
    rng = np.random.default_rng(seed)
    first, second = rng.random(terms, np.float32), rng.random(terms, np.float32)
    exact = first.astype(np.float64) @ second.astype(np.float64)
    actual = np.cumsum(first * second, dtype=np.float32)[-1]
    assert abs(actual - exact) <= rounding.allowed_low("float32", terms, exact, exact)


@given(SEEDS, st.integers(1, 300))
def test_allowed_low_is_never_exceeded_by_a_float16_result(seed, terms):
    """A float32 sum that is returned as float16 stays within the bound of float16."""
    rng = np.random.default_rng(seed)
    first, second = rng.random(terms).astype(np.float16), (rng.random(terms) * 1e-4).astype(np.float16)
    exact = first.astype(np.float64) @ second.astype(np.float64)
    actual = np.float64(np.float16(np.cumsum(first.astype(np.float32) * second, dtype=np.float32)[-1]))
    assert abs(actual - exact) <= rounding.allowed_low("float16", terms, exact, exact)


def test_a_float32_accumulator_exceeds_allowed_float64():
    """Planted: the same sum held in float32 is certified to be different."""
    rng = np.random.default_rng(0)
    first, second = rng.random(50625), rng.random(50625)
    gauge = first @ second
    hidden = float(np.cumsum((first * second).astype(np.float32), dtype=np.float32)[-1])
    assert abs(hidden - gauge) > rounding.allowed_float64(50625, gauge)


def test_one_part_in_a_billion_exceeds_allowed_float64_at_the_forum_layer():
    """Planted: a factor of 1 + 1e-9 on a sum of one sign."""
    assert 1e-9 > rounding.allowed_float64(50625, np.array(1.0))


def test_ratio_float32_does_not_lose_a_small_gauge():
    """2^-24 A is below float32's numbers for A = 2^-140, and is still what the error is measured in."""
    assert [3.0] == rounding.ratio_float32(np.array([3 * 2.0**-164]), np.array([2.0**-140], np.float32)).tolist()


def test_denormals_of_the_bounds_by_hand():
    """2n times the smallest denormal, for A = 0; half of one where the result is stored in 16 bits."""
    zero = np.zeros(1)

    assert 10 * DENORMAL32 == rounding.allowed_low("float32", 5, zero, zero)[0]
    assert {"float32": DENORMAL32, "float64": 2.0**-1074, "bfloat16": 2.0**-133, "float16": DENORMAL16} == dict(
        rounding.SMALLEST_DENORMAL
    )


def test_the_bound_of_a_batch_in_16_bits_by_hand():
    """Three samples: the result stored, two partial sums of at most A stored, and float32's share raised."""
    u = 2.0**-11
    summed = 8 * 2.0**-24 * 4.0 + 12 * DENORMAL32
    expected = u * 3.0 + DENORMAL16 / 2 + 2 * (u * 4.0 + DENORMAL16 / 2) + (1 + u) ** 3 * summed

    found = rounding.allowed_low("float16", 6, np.array([4.0]), np.array([-3.0]), 3)[0]
    assert expected == pytest.approx(found, rel=1e-15, abs=0)


def test_errors_in_float32_are_measured_in_float64():
    """float32 would overflow or lose what is measured."""
    tiny = np.array([2.0**-120], np.float32)

    assert [2.0**24] == rounding.ratio_float32(tiny, tiny).tolist()
    assert np.float64 == rounding.ratio_float32(tiny, tiny).dtype
