"""Outputs near a kink of |.|: by hand, then entry by entry in exact fractions from the formula as written."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from random_layers import specs
from residuals import known_of, meetings, two

from gradcheck_cli.oracles import kinks, numeric_bounds

U = 2.0**-53


def test_by_hand():
    """Step 1, scale 1/2: r = 2 moved by x = 4 gets a step of 1/2; r = 5 moved by x = 3 stays clear."""
    near = kinks.find_kinks(two("l1", [4, 3], [2, 5], scale=0.5), 1.0)
    assert near.outputs.tolist() == [[0, 0, 0, 0]]
    assert near.grad_weight.tolist() == [[[[2.0]]]]
    # 4 u (2 / (1/2) + 4) / 2
    assert near.bound.tolist() == [[[[16 * U]]]]
    assert near.unknown == 0


@pytest.mark.parametrize(("residual", "error"), [(0, 0), (0, 1), (1, 1), (-1, 1), (1, 2)])
def test_an_output_whose_sign_is_unknown_is_left_out(residual, error):
    """Nothing is added; |x| times the scale may be missing."""
    near = kinks.find_kinks(two("l1", [-4, 3], [residual, 50], [error, 0], scale=0.5), 1.0)
    assert near.outputs.tolist() == [[0, 0, 0, 0]]
    assert (near.grad_weight.item(), near.bound.item(), near.unknown) == (0.0, 2.0, 1)


def test_a_negative_residual_and_a_negative_pixel():
    """sign(-2) * -4, over 2."""
    near = kinks.find_kinks(two("l1", [-4, 3], [-2, 50], scale=0.5), 1.0)
    assert (near.grad_weight.item(), near.unknown) == (2.0, 0)


@pytest.mark.parametrize(
    ("residual", "error", "count"),
    # Crossed by the step 2^-4 and x = 4; within 1000 errors; neither.
    [(0.24, 0, 1), (0.25, 0, 0), (0.25, 0.01, 1), (1000.0, 1.0, 1), (1000.5, 1.0, 0)],
)
def test_what_is_near(residual, error, count):
    """|r| - error < step * |x|, or |r| <= 1000 errors."""
    known = two("l1", [4, 0], [residual, 5000], [error, 0])
    assert len(kinks.find_kinks(known, 2.0**-4).outputs) == count


def test_an_output_that_no_pixel_moves_is_not_near():
    """A black sample; a bright one whose black window is met."""
    assert not len(kinks.find_kinks(two("l1", [0, 0], [0, 0]), 1.0).outputs)
    near = kinks.find_kinks(two("l1", [0, 4], [1, 50]), 1.0)
    assert (len(near.outputs), near.grad_weight.item(), near.unknown) == (1, 0.0, 0)


@pytest.mark.parametrize("name", ["mse", "sum", "random"])
def test_smooth_losses_have_no_kinks(name):
    """Residuals of 0 are none there."""
    near = kinks.find_kinks(two(name, [4, 2], [0, 0], [1, 1]), 1.0)
    assert (near.outputs.shape, near.unknown) == ((0, 4), 0)
    assert (near.grad_weight.tolist(), near.bound.tolist()) == ([[[[0.0]]]], [[[[0.0]]]])


def test_a_step_that_underflows_is_covered():
    """r = 2^-1040 needs a step of 2^-1042 and gets 2^-1000: the secant is near 0, and the bound says so."""
    near = kinks.find_kinks(two("l1", [4, 0], [2.0**-1040, 50], [2.0**-1070, 0]), 1.0)
    assert near.grad_weight.item() == pytest.approx(2.0**-40, rel=1e-9)
    assert 4 - 2.0**-39 < near.bound.item() < 4


@given(specs(), st.integers(0, 999), st.integers(-3, 3), st.sampled_from([2.0**-6, 0.25]))
@settings(max_examples=60)
def test_the_sum_is_sign_times_x_and_the_bound_that_of_the_docstring(spec, seed, exponent, unit):
    """Whole multiples of powers of 2: each quotient is exact; one pair of an entry and an output at a time."""
    known, step = known_of(spec, "l1", seed, unit), 2.0**exponent
    near = kinks.find_kinks(known, step)
    met = {tuple(map(int, output)): 0.0 for output in near.outputs}
    for output, _, pixel in meetings(spec):
        if output in met:
            met[output] = max(met[output], abs(known.x[pixel]))
    slopes, bound = np.zeros(spec.weight_shape), np.zeros(spec.weight_shape)
    for output, entry, pixel in meetings(spec):
        x, r = known.x[pixel], known.residual[output]
        if output not in met or not x:
            continue
        if abs(r) <= known.error[output]:
            bound[entry] += abs(x)
        else:
            slopes[entry] += np.sign(r) * x
            bound[entry] += 4 * U * (abs(r) / numeric_bounds.power_of_2(abs(r) / met[output]) + abs(x))
    assert near.grad_weight == pytest.approx(slopes * known.scale, rel=1e-13, abs=1e-15)
    assert near.bound == pytest.approx(bound * known.scale, rel=1e-13, abs=0)
    assert near.unknown == sum(abs(known.residual[output]) <= known.error[output] for output in met)
    for output in np.ndindex(spec.output_shape):
        r, error = abs(Fraction(known.residual[output])), Fraction(known.error[output])
        largest = Fraction(known.largest_x[output[0], output[1], 0, 0])
        assert (output in met) == (largest > 0 and (r <= 1000 * error or r - error < Fraction(step) * largest))
