"""Step and bound of the finite differences: by hand, then in exact fractions from the formulas as written."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from random_layers import specs
from residuals import PAIR, check_entries, known_of, meetings, two

from gradcheck_cli.model import ConvSpec, Loss
from gradcheck_cli.oracles import numeric_bounds
from gradcheck_cli.oracles.layer import Layer

LOSSES = ("l1", "mse", "sum", "random")
U, DENORMAL = Fraction(1, 2**53), Fraction(1, 2**1074)


def test_residuals_by_hand():
    """O = -3*4 + 1 and -3*-2 + 1, minus 5: -16 and 2; each is off by 2 (4 u (3*4 + 1) + u |r|)."""
    x, target = np.array([[[[4, -2]]]], np.float32), np.full((1, 1, 1, 2), 5.0)
    layer = Layer(x, np.full((1, 1, 1, 1), -3.0), np.ones(1), target, PAIR, Loss("l1", "mean"))
    known = numeric_bounds.Residuals.of(layer, np.array([[[[-11.0, 7.0]]]]))
    assert known.x.dtype == np.float64
    assert known.x.tolist() == [[[[4, -2]]]]
    assert known.residual.tolist() == [[[[-16, 2]]]]
    assert known.error == pytest.approx(np.array([[[[2 * (52 + 16), 2 * (52 + 2)]]]]) * 2.0**-53, rel=1e-8, abs=0)
    assert (known.factor, known.scale, known.largest_x.item()) == (None, 0.5, 4.0)
    assert known.grad_output.tolist() == [[[[-0.5, 0.5]]]]


def test_residuals_of_a_random_sum_carry_its_factors():
    """E = sum of R * O: the factors are G itself, the scale is 1, and the seed decides."""
    layer = Layer(
        np.ones((1, 1, 1, 2)), np.ones((1,) * 4), np.ones(1), np.ones((1, 1, 1, 2)), PAIR, Loss("random", "sum"), 5
    )
    known = numeric_bounds.Residuals.of(layer, np.ones((1, 1, 1, 2)))
    assert known.scale == 1.0
    assert (known.factor == known.grad_output).all()
    assert (np.abs(known.factor) >= 1).all()


@given(specs(), st.integers(0, 999))
@settings(max_examples=40)
def test_largest_x_is_that_of_the_sample_and_the_group(spec, seed):
    """Filter o only meets the channels of its group, each sample its own."""
    known = known_of(spec, "l1", seed)
    c_in, c_out = spec.weight_shape[1], spec.out_channels // spec.groups
    for n, o in np.ndindex(spec.output_shape[:2]):
        first = o // c_out * c_in
        assert max(abs(number) for number in known.x[n, first : first + c_in].ravel()) == known.largest_x[n, o, 0, 0]
    assert known.largest_x.shape == (spec.batch, spec.out_channels, 1, 1)


def test_power_of_2_by_hand():
    """Rounded down; kept where squares and quotients stay finite; 2^-14 in place of what is no positive number."""
    steps = (0.75, 1.0, 1.5, 2.0**-1010, 2.0**1010, 0.0, -1.0, math.inf, math.nan)
    expected = [0.5, 1.0, 1.0, 2.0**-1000, 2.0**1000, *[2.0**-14] * 4]
    assert expected == [numeric_bounds.power_of_2(step) for step in steps]


def test_steps_by_hand():
    """l1: (2^-15 - 2^-30) / 2, below 2^-16; mse: sqrt(2 * 8^2 / (2 * 2^2)) = 4; sum and random: 2^10 * 8 / 2."""
    assert numeric_bounds.choose_step(two("l1", [2, 1], [2.0**-15, 1], [2.0**-30, 0])) == 2.0**-17
    assert numeric_bounds.choose_step(two("mse", [2, 2], [8, -8])) == 4.0
    assert numeric_bounds.choose_step(two("sum", [2, 1], [-8, 1])) == 2.0**12
    assert numeric_bounds.choose_step(two("random", [2, 1], [8, 1])) == 2.0**12


def test_an_output_may_be_moved_by_a_ten_thousandth_where_all_pixels_are_small():
    """x = 2^-3 allows a step of 8e-4, so 2^-11; a pixel of 1 or more allows 1e-4, so 2^-14."""
    assert numeric_bounds.choose_step(two("l1", [2.0**-3, 0], [1, 1])) == 2.0**-11
    assert numeric_bounds.choose_step(two("l1", [2.0**7, 0], [1, 1])) == 2.0**-14


def test_a_residual_of_exactly_a_thousand_errors_is_close_to_a_kink():
    """It does not limit the step; half an error more, and it does."""
    for errors, is_close, step in ((1000, True, 2.0**-14), (1000.5, False, 2.0**-21)):
        known = two("l1", [1, 1], [errors * 2.0**-30, 1], [2.0**-30, 0])
        assert numeric_bounds.choose_step(known) == step
        assert known.is_close_to_kink.tolist() == [[[[is_close, False]]]]


def test_one_output_in_1024_may_be_nearer_than_the_step_reaches():
    """Residuals 1/1024, 2/1024, ...: of 2047 outputs the second decides, of 2048 the third."""
    for count, step in ((1023, 2.0**-10), (1024, 2.0**-9), (2047, 2.0**-9), (3072, 2.0**-8)):
        spec = ConvSpec(1, 1, 1, 1, count, (1, 1))
        x, residual = np.full((1, 1, 1, count), 2.0**-20), np.arange(1, count + 1).reshape(1, 1, 1, count) * 2.0**-30
        known = numeric_bounds.Residuals(spec, Loss(), x, residual, 0 * x, None, 1.0, x)
        assert numeric_bounds.choose_step(known) == step


def test_outputs_are_left_out_by_a_residual_of_0():
    """Of one output of two; the other and the rest stay, and so does the original."""
    known = two("l1", [1, 2], [3, 4])
    assert known.without(np.array([[0, 0, 0, 1]])).residual.tolist() == [[[[3, 0]]]]
    assert known.without(np.empty((0, 4), int)).residual.tolist() == [[[[3, 4]]]]
    assert known.residual.tolist() == [[[[3, 4]]]]


def test_residuals_that_are_all_kinks_leave_the_largest_step():
    """None of them limits it."""
    assert numeric_bounds.choose_step(two("l1", [1, 1], [1.0, 2.0], [1.0, 1.0])) == 2.0**-14


def test_a_step_for_numbers_that_have_none():
    """A perfect fit, a black picture, and infinity anywhere: 2^-14."""
    assert numeric_bounds.choose_step(two("mse", [1, 1], [0, 0])) == 2.0**-14
    assert numeric_bounds.choose_step(two("mse", [1, 1], [math.inf, 0])) == 2.0**-14
    for name in LOSSES:
        assert numeric_bounds.choose_step(two(name, [0, 0], [1, 1])) == 2.0**-14
    spec = ConvSpec(2, 1, 1, 1, 1, (1, 1))
    x, error = (np.array(pair).reshape(2, 1, 1, 1) for pair in ([math.inf, 1.0], [math.inf, 0.0]))
    ones = np.ones((2, 1, 1, 1))
    known = numeric_bounds.Residuals(spec, Loss(), x, ones * 2.0**-20, error, None, 1.0, ones)
    assert numeric_bounds.choose_step(known) == 2.0**-14


@given(specs(), st.sampled_from(LOSSES), st.integers(0, 999), st.integers(-20, 0), st.sampled_from([2.0**-6, 0.25]))
@settings(max_examples=80)
def test_the_step_is_the_power_of_2_below_the_best_one(spec, name, seed, exponent, unit):
    """The formulas of the docstring in fractions, each sample and filter with the pixels that it meets."""
    known = known_of(spec, name, seed, unit, 2.0**exponent)
    largest, largest_r = (Fraction(np.abs(array).max()) for array in (known.x, known.residual))
    if not largest or (name != "l1" and not largest_r):
        assert numeric_bounds.choose_step(known) == 2.0**-14
        return
    if name == "l1":
        met = np.broadcast_to(known.largest_x, known.residual.shape)
        triples = zip(*(map(Fraction, array.flat) for array in (abs(known.residual), known.error, met)), strict=True)
        rooms = [(r - error) / x for r, error, x in triples if r > 1000 * error and x > 0]
        best = min([*rooms, Fraction(1e-4) / min(1, largest)])
    elif name == "mse":
        ratio = sum(Fraction(r) ** 2 for r in known.residual.flat) / sum(Fraction(x) ** 2 for x in known.x.flat)
        best = Fraction(math.sqrt(ratio))
    else:
        best = 1024 * largest_r / largest
    step = numeric_bounds.choose_step(known)
    assert math.frexp(step)[0] == 0.5
    assert step <= best * (1 + Fraction(1, 10**12))
    assert 2 * step > best * (1 - Fraction(1, 10**12))


def formula(known, step):
    """Rounding and denormals of the docstring in fractions; the sum over S is the least that any so many may have.

    "The least": S is known by its size alone, so its sum is taken as all of the filter's, or as its largest each time.
    """
    spec, scale, step = known.spec, Fraction(known.scale), Fraction(step)
    counts = np.zeros(spec.weight_shape, int)
    slopes, squares = (np.full(spec.weight_shape, Fraction(0)) for _ in range(2))
    for output, entry, pixel in meetings(spec):
        x, r = abs(Fraction(known.x[pixel])), abs(Fraction(known.residual[output]))
        factor = 1 if known.factor is None else abs(Fraction(known.factor[output]))
        counts[entry] += x > 0
        squares[entry] += x * x
        slopes[entry] += x * (2 * r if known.loss.name == "mse" else factor)
    expected = np.full(spec.weight_shape, Fraction(0))
    for entry in np.ndindex(spec.weight_shape):
        mass = [abs(Fraction(r)) for r in known.residual[:, entry[0]].flat]
        if known.factor is not None:
            mass = [r * Fraction(f) for r, f in zip(mass, known.factor[:, entry[0]].flat, strict=True)]
        count, times = int(counts[entry]), {"l1": 1, "mse": 3, "sum": 2, "random": 2}[known.loss.name]
        if known.loss.name == "mse":
            mass = [r * r for r in mass]
        lost = times * min(sum(mass), max(mass) * count) / step
        lost += 3 * step * squares[entry] if known.loss.name == "mse" else 0
        rounding = U * scale * (lost + (spec.terms + 6) * slopes[entry])
        expected[entry] = rounding + 4 * count * DENORMAL * max(1, scale / step)
    return expected


@given(specs(), st.sampled_from(LOSSES), st.integers(0, 999), st.integers(-4, 4))
@settings(max_examples=80)
def test_the_bound_is_its_formula_and_a_millionth(spec, name, seed, exponent):
    """Never below the exact value of the formula, and above it by what covers the bound's own rounding."""
    known, step = known_of(spec, name, seed), 2.0**exponent
    bound, expected = numeric_bounds.rounding_bound(known, step), formula(known, step)
    for index in np.ndindex(spec.weight_shape):
        assert expected[index] <= Fraction(bound[index]) <= expected[index] * (1 + Fraction(11, 10**7))


def test_bounds_by_hand():
    """x = (4, 0), |r| = 1 and 3, f and G = 3, n = 2, scale 1/2, step 1/4: one output is moved, by 3 at most.

    l1: u (3*4 + 8*4) / 2; sum: u (2*3*4 + 8*4) / 2; random: u (2*9*4 / 2 + 8*3*4); mse: u (3 (9*4 + 16/4) / 2 + 8*3*4).
    """
    for name, units in (("l1", 22), ("sum", 28), ("random", 132), ("mse", 156)):
        known = two(name, [4, 0], [1, -3], scale=0.5)
        bound = numeric_bounds.rounding_bound(known, 0.25)
        assert bound.item() == pytest.approx(units * 2.0**-53, rel=1.1e-6, abs=0)


def test_products_that_underflow_are_a_few_denormals():
    """4 for each pixel that is not black, times scale / step where that is above 1."""
    for x, scale, step, denormals in (
        ([2.0**-1060, 0], 1.0, 1.0, 4),
        ([2.0**-1060, 2.0**-1060], 1.0, 2.0**-4, 8 * 16),
        ([2.0**-1060, 2.0**-1060], 0.25, 2.0, 8),
    ):
        known = two("sum", x, [0, 0], scale=scale)
        with np.errstate(under="ignore"):
            bound = numeric_bounds.rounding_bound(known, step)
        assert bound.item() == denormals * 2.0**-1074


@given(specs(), st.sampled_from(LOSSES), st.sampled_from(["mean", "sum"]), st.integers(0, 999))
@settings(max_examples=30)
def test_no_quotient_is_further_from_the_exact_gradient_than_its_bound(spec, name, reduction, seed):
    """The sum of G * X in fractions, without any slack."""
    rng = np.random.default_rng(seed)
    x, weight = rng.standard_normal(spec.x_shape), rng.standard_normal(spec.weight_shape)
    target = rng.standard_normal((spec.batch, 1, *spec.output_size))
    layer = Layer(x, weight, rng.standard_normal(spec.out_channels), target, spec, Loss(name, reduction), seed)
    result = check_entries(layer)
    exact = np.full(spec.weight_shape, Fraction(0))
    for output, entry, pixel in meetings(spec):
        exact[entry] += Fraction(result.grad_output[output]) * Fraction(x[pixel])
    for index in np.ndindex(spec.weight_shape):
        assert abs(Fraction(result.grad_weight[index]) - exact[index]) <= Fraction(result.bound[index])
