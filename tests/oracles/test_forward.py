"""The oracles' own forward: by hand, by loops, and its bound."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from random_layers import integers, specs

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.oracles.forward import forward, forward_bound


def by_loops(x, weight, bias, spec):
    """O by the plainest loops there are."""
    output = np.zeros(spec.output_shape) + bias.reshape(1, -1, 1, 1)
    c_in, c_out = spec.in_channels // spec.groups, spec.out_channels // spec.groups
    for n, o, p, q in np.ndindex(spec.output_shape):
        for i, u, v in np.ndindex(spec.weight_shape[1:]):
            row = spec.stride[0] * p + spec.dilation[0] * u - spec.padding[0]
            column = spec.stride[1] * q + spec.dilation[1] * v - spec.padding[1]
            if 0 <= row < spec.height and 0 <= column < spec.width:
                output[n, o, p, q] += weight[o, i, u, v] * x[n, o // c_out * c_in + i, row, column]
    return output


def test_forward_by_hand():
    """2*1 + 7*2 + 5 = 21 and so on; a correlation, not a flipped convolution."""
    x = np.array([[[[1.0, 2, 3], [4, 5, 6]]]])
    output = forward(x, np.array([[[[2.0, 7]]]]), np.array([5.0]), ConvSpec(1, 1, 1, 2, 3, (1, 2)))
    assert output.tolist() == [[[[21, 30], [48, 57]]]]


def test_forward_widens_float32_before_it_sums():
    """2^24 + 1 survives although float32 cannot hold it."""
    x, weight = np.array([[[[2.0**24, 1]]]], np.float32), np.ones((1, 1, 1, 2), np.float32)
    assert forward(x, weight, np.zeros(1, np.float32), ConvSpec(1, 1, 1, 1, 2, (1, 2))).item() == 2**24 + 1


@given(specs(), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_both_ways_of_a_picture_are_the_plain_loops(spec, seed):
    """By rows and by patches, in blocks of one output row, whichever is faster."""
    x, weight, _ = integers(spec, seed)
    bias = np.arange(1.0, spec.out_channels + 1)
    expected = by_loops(x, weight, bias, spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gradcheck_cli.oracles.forward.LARGEST_COPY", 1)
        for added in (0, 10**9):
            patch.setattr("gradcheck_cli.oracles.forward.ADDED", added)
            assert np.array_equal(expected, forward(x, weight, bias, spec))


def test_forward_bound_by_hand():
    """n_f = 2 products and the bias: 5 u (3 * 9 + 5) = 160 u, raised by a billionth."""
    x, weight, bias = np.array([[[[1.0, -3]]]]), np.array([[[[2.0, -7]]]]), np.array([-5.0])
    bound = forward_bound(x, weight, bias, ConvSpec(1, 1, 1, 1, 2, (1, 2)))
    assert bound.item() == pytest.approx(160 * 2.0**-53, rel=1e-8, abs=0)


@given(specs(), st.integers(0, 999))
@settings(max_examples=40)
def test_forward_equals_the_plainest_loops_on_integers(spec, seed):
    """Any stride, padding, dilation, groups, batch and shape."""
    x, weight, _ = integers(spec, seed)
    bias = np.arange(spec.out_channels)
    assert (forward(x, weight, bias, spec) == by_loops(x, weight, bias, spec)).all()


@given(specs(), st.integers(0, 999))
@settings(max_examples=40)
def test_forward_stays_within_its_bound(spec, seed):
    """Against the same sum in twice the precision."""
    rng = np.random.default_rng(seed)
    x, weight = (array * rng.random(array.shape) for array in integers(spec, seed)[:2])
    bias = rng.standard_normal(spec.out_channels)
    wide = by_loops(*(array.astype(np.longdouble) for array in (x, weight)), bias, spec)
    slack = 0 if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps else forward_bound(x, weight, bias, spec)
    difference = np.abs(forward(x, weight, bias, spec) - wide)
    assert (difference <= forward_bound(x, weight, bias, spec) + slack).all()


@given(specs(), st.integers(0, 999), st.sampled_from([np.float32, np.float64]))
@settings(max_examples=40)
def test_forward_bound_is_its_formula_and_a_billionth(spec, seed, dtype):
    """(n_f + 2) u (sum over i of max |X[n,i]| * sum of |F[o,i]| + |b[o]|), n_f one for the bias too, in fractions."""
    rng = np.random.default_rng(seed)
    x, weight = (rng.standard_normal(shape).astype(dtype) for shape in (spec.x_shape, spec.weight_shape))
    bias = rng.standard_normal(spec.out_channels).astype(dtype)
    c_in, c_out = spec.in_channels // spec.groups, spec.out_channels // spec.groups
    bound = forward_bound(x, weight, bias, spec)
    for n, o in np.ndindex(spec.batch, spec.out_channels):
        size = abs(Fraction(float(bias[o])))
        for i in range(c_in):
            largest = np.abs(x[n, o // c_out * c_in + i]).max()
            size += Fraction(float(largest)) * sum(abs(Fraction(float(number))) for number in weight[o, i].flat)
        expected = Fraction(weight[0].size + 3, 2**53) * size
        assert expected <= Fraction(bound[n, o, 0, 0]) <= expected * (1 + Fraction(2, 10**9))
