"""The losses in numpy: by hand, and against differences."""

import numpy as np
import pytest

from gradcheck_cli.model import Loss
from gradcheck_cli.oracles import losses

OUTPUT = np.array([[[[1.0, 5.0]], [[2.0, -3.0]]]])
REFERENCE = np.array([[[[1.0, 2.0]]]])

EXPECTED = {
    ("l1", "sum"): (9.0, [[[[0, 1]], [[1, -1]]]]),
    ("l1", "mean"): (2.25, [[[[0, 0.25]], [[0.25, -0.25]]]]),
    ("mse", "sum"): (35.0, [[[[0, 6]], [[2, -10]]]]),
    ("mse", "mean"): (8.75, [[[[0, 1.5]], [[0.5, -2.5]]]]),
    ("sum", "sum"): (5.0, [[[[1, 1]], [[1, 1]]]]),
    ("sum", "mean"): (1.25, [[[[0.25, 0.25]], [[0.25, 0.25]]]]),
}


@pytest.mark.parametrize(("name", "reduction"), EXPECTED)
def test_value_and_gradient_by_hand(name, reduction):
    """The reference is the same for both filters; the slope of |r| at 0 is 0."""
    value, grad_output = EXPECTED[name, reduction]
    loss = Loss(name, reduction)
    assert losses.value(OUTPUT, REFERENCE, loss, 0) == value
    assert losses.grad_output(OUTPUT, REFERENCE, loss, 0).tolist() == grad_output


def test_random_loss_is_the_sum_of_its_factors_times_the_output():
    """E = <R, O> and dE/dO = R, over the number of outputs for a mean."""
    factors = losses.random_factors(OUTPUT.shape, 3)
    assert losses.value(OUTPUT, REFERENCE, Loss("random", "sum"), 3) == float((factors * OUTPUT).sum())
    assert (losses.grad_output(OUTPUT, REFERENCE, Loss("random", "mean"), 3) == factors / 4).all()


def test_random_factors_are_small_whole_numbers_without_zero():
    """All of -7..7 but 0 occur, and the seed decides."""
    factors = losses.random_factors((1, 10, 10, 10), 0)
    assert sorted(set(factors.ravel())) == [*range(-7, 0), *range(1, 8)]
    assert (factors == losses.random_factors((1, 10, 10, 10), 0)).all()
    assert (factors != losses.random_factors((1, 10, 10, 10), 1)).any()


def test_each_sample_has_its_own_reference():
    """(n, 1, h, w) goes with the samples, not with the filters."""
    reference = np.array([[[[1.0]]], [[[10.0]]]])
    output = np.zeros((2, 3, 1, 1))
    assert losses.value(output, reference, Loss("l1", "sum"), 0) == 33.0


def test_the_gradient_can_be_written_to():
    """A broadcast view would refuse, or change everything at once."""
    grad_output = losses.grad_output(OUTPUT, REFERENCE, Loss("sum", "sum"), 0)
    grad_output[0, 0, 0, 0] = 7
    assert grad_output.sum() == 10


@pytest.mark.parametrize(("name", "expected"), [("l1", 2.0**24 + 1), ("mse", 2.0**24 + 1), ("sum", 2.0**24)])
def test_residuals_are_taken_in_float64(name, expected):
    """2^24 - (-1) would be 2^24 in float32."""
    output, target = np.full((1, 1, 1, 1), 2**24, np.float32), np.full((1, 1, 1, 1), -1, np.float32)
    residual = losses.residuals(output, target, Loss(name))
    assert (residual.dtype, residual.item()) == (np.float64, expected)
