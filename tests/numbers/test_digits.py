"""Digits without zeros."""

import numpy as np
import pytest

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.numbers.digits import digits_case


def test_a_case_holds_digits_without_zeros():
    """1 to 9 in X, F and b; G with signs; another seed gives other numbers, the same one the same."""
    spec = ConvSpec(1, 3, 40, 20, 20, (3, 3))
    case = digits_case(spec, 5)
    assert spec == case.spec

    for array in (case.x, case.weight):
        assert [*range(1, 10)] == np.unique(array).tolist()
    assert {*case.bias.tolist()} <= {*range(1, 10)}
    assert [*range(-9, 0), *range(1, 10)] == np.unique(case.grad_output).tolist()
    shapes = (spec.x_shape, spec.weight_shape, (40,), spec.output_shape)
    assert shapes == (case.x.shape, case.weight.shape, case.bias.shape, case.grad_output.shape)
    assert np.array_equal(case.x, digits_case(spec, 5).x)
    assert not np.array_equal(case.x, digits_case(spec, 6).x)


@pytest.mark.parametrize(
    "spec", [ConvSpec(1, 1, 1, 1, 2, (1, 1)), ConvSpec(1, 1, 1, 2, 1, (1, 1)), ConvSpec(2, 1, 1, 1, 1, (1, 1))]
)
def test_no_gradient_of_the_bias_is_zero(spec):
    """Two numbers cancel in every eighteenth draw: of the same filter, beside each other, one below the other or in two
    samples."""
    assert all(digits_case(spec, seed).grad_output.sum() for seed in range(300))
