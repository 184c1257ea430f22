"""The referee and the gauges: by hand, then against each other, then planted faults."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from random_layers import integers, specs

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.oracles import reference

ONE = ConvSpec(1, 1, 1, 2, 3, (1, 2))
X = np.array([[[[1.0, 2, 3], [4, 5, 6]]]])
G = np.array([[[[1.0, -1], [10, 0]]]])
F = np.array([[[[2.0, 7]]]])


def by_loops(x, weight, grad_output, spec):
    """Both gradients by the plainest loops there are, one product at a time."""
    grad_weight, grad_input = np.zeros(spec.weight_shape), np.zeros(spec.x_shape)
    c_in, c_out = spec.in_channels // spec.groups, spec.out_channels // spec.groups
    for n, o, p, q in np.ndindex(spec.output_shape):
        for i, u, v in np.ndindex(spec.weight_shape[1:]):
            row = spec.stride[0] * p + spec.dilation[0] * u - spec.padding[0]
            column = spec.stride[1] * q + spec.dilation[1] * v - spec.padding[1]
            if 0 <= row < spec.height and 0 <= column < spec.width:
                channel = o // c_out * c_in + i
                grad_weight[o, i, u, v] += grad_output[n, o, p, q] * x[n, channel, row, column]
                grad_input[n, channel, row, column] += grad_output[n, o, p, q] * weight[o, i, u, v]
    return grad_weight, grad_input


def test_grad_weight_by_hand():
    """1*1 - 1*2 + 10*4 = 39 and 1*2 - 1*3 + 10*5 = 49."""
    assert reference.grad_weight(X, G, ONE).tolist() == [[[[39, 49]]]]


def test_grad_input_by_hand():
    """Row 0: 1*2, 1*7 - 1*2, -1*7; row 1: 10*2, 10*7, 0."""
    assert reference.grad_input(F, G, ONE).tolist() == [[[[2, 5, -7], [20, 70, 0]]]]


def test_grad_bias_by_hand():
    """1 - 1 + 10 + 0 = 10."""
    assert reference.grad_bias(G).tolist() == [10]


def test_gauge_by_hand():
    """The same sums of absolute values: 1 + 2 + 40 = 43 and 2 + 3 + 50 = 55."""
    assert reference.gauge(X, G, ONE) == pytest.approx(np.array([[[[43, 55]]]]), rel=1e-6)
    assert reference.gauge_bias(G) == pytest.approx(np.array([12]), rel=1e-6)
    assert reference.gauge_input(F, G, ONE) == pytest.approx(np.array([[[[2, 9, 7], [20, 70, 0]]]]), rel=1e-6)


def test_terms_of_reference_by_hand():
    """2 kernel entries of 4 terms each are 8 products."""
    assert reference.terms_of_reference(ONE) == 8
    assert reference.terms_of_grad_input(ONE) == 2


def test_whole_numbers_are_summed_as_integers():
    """Sums beyond 2^53 stay exact to the last unit."""
    spec = ConvSpec(1, 1, 1, 1, 2, (1, 1))
    x, grad_output = np.array([[[[2.0**30, 1]]]]), np.array([[[[2.0**30, 1]]]])
    assert reference.grad_weight(x, grad_output, spec)[0, 0, 0, 0] == 2**60 + 1


def test_fractions_are_summed_as_float64():
    """One fraction anywhere makes the result float64."""
    assert reference.grad_weight(X.astype(np.float32) / 2, G, ONE).dtype == np.float64


def test_numbers_too_large_for_int64_are_summed_as_float64():
    """1e20 is whole but does not fit: no wrapped integer comes back."""
    assert reference.grad_weight(X * 1e20, G, ONE)[0, 0, 0, 0] == pytest.approx(3.9e21)


def test_numbers_that_are_not_finite_stay_visible():
    """NaN and infinity are never taken for integers."""
    assert np.isnan(reference.grad_bias(np.full((1, 1, 1, 1), np.nan))).all()
    assert np.isinf(reference.grad_bias(np.full((1, 1, 1, 1), np.inf))).all()


@given(specs(), st.integers(0, 999))
@settings(max_examples=40)
def test_both_gradients_equal_the_plainest_loops(spec, seed):
    """Any stride, padding, dilation, groups, batch and shape."""
    x, weight, grad_output = integers(spec, seed)
    expected_weight, expected_input = by_loops(x, weight, grad_output, spec)
    assert (reference.grad_weight(x, grad_output, spec) == expected_weight).all()
    assert (reference.grad_input(weight, grad_output, spec) == expected_input).all()


@given(specs(), st.integers(0, 999))
def test_gauges_are_above_the_sums_and_within_a_millionth(spec, seed):
    """A <= gauge <= A (1 + 1e-6), and exactly 0 where A is."""
    x, weight, grad_output = (np.abs(array) for array in integers(spec, seed))
    pairs = (
        (reference.grad_weight(x, grad_output, spec), reference.gauge(-x, grad_output, spec)),
        (reference.grad_input(weight, grad_output, spec), reference.gauge_input(weight, -grad_output, spec)),
        (reference.grad_bias(grad_output), reference.gauge_bias(-grad_output)),
    )
    for exact, gauge in pairs:
        assert (exact <= gauge).all()
        assert (gauge <= exact * (1 + 1e-6)).all()
