"""The referee and the gauges: by hand, then against each other, then planted faults."""

from fractions import Fraction

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
    assert ONE.terms_of("input") == 2


@given(specs())
def test_terms_are_counted_for_any_geometry(spec):
    """As many products as the plainest loops form; an entry of grad_input gets at most one per filter and tap."""
    taps = spec.kernel_size[0] * spec.kernel_size[1]
    counts = (reference.terms_of_reference(spec), spec.terms_of("input"))
    filters, channels = spec.out_channels // spec.groups, spec.in_channels // spec.groups
    outputs = spec.batch * spec.out_channels * spec.output_size[0] * spec.output_size[1]
    assert (outputs * channels * taps, filters * taps) == counts
    assert [type(count) for count in counts] == [int, int]


def test_whole_numbers_are_summed_as_integers():
    """Sums beyond 2^53 stay exact to the last unit."""
    spec = ConvSpec(1, 1, 1, 1, 2, (1, 1))
    x, grad_output = np.array([[[[2.0**30, 1]]]]), np.array([[[[2.0**30, 1]]]])
    assert int(reference.grad_weight(x, grad_output, spec)[0, 0, 0, 0]) == 2**60 + 1
    assert int(reference.grad_input(grad_output[:, :, :, :1], x, spec)[0, 0, 0, 0]) == 2**60
    assert int(reference.grad_bias(np.array([[[[2.0**60, 1]]]]))[0]) == 2**60 + 1


@given(specs(), st.integers(0, 999))
@settings(max_examples=20)
def test_whole_numbers_give_int64_and_fractions_float64(spec, seed):
    """In all three gradients, also where only one of the two arrays holds fractions."""
    x, weight, grad_output = integers(spec, seed)
    for shift, dtype in ((0, np.int64), (0.5, np.float64)):
        assert reference.grad_weight(x + shift, grad_output, spec).dtype == dtype
        assert reference.grad_weight(x, grad_output + shift, spec).dtype == dtype
        assert reference.grad_input(weight + shift, grad_output, spec).dtype == dtype
        assert reference.grad_input(weight, grad_output + shift, spec).dtype == dtype
        assert reference.grad_bias(grad_output + shift).dtype == dtype


def test_fractions_are_summed_as_float64():
    """One fraction anywhere makes the result float64."""
    assert reference.grad_weight(X.astype(np.float32) / 2, G, ONE).dtype == np.float64


def test_numbers_too_large_for_int64_are_summed_as_float64():
    """1e20 is whole but does not fit: no wrapped integer comes back."""
    assert reference.grad_weight(X * 1e20, G, ONE)[0, 0, 0, 0] == pytest.approx(3.9e21)


@pytest.mark.parametrize(
    ("first", "second", "count", "dtype"),
    [
        (2.0**30, 2.0**30, 3, np.int64),
        (2.0**30, 2.0**30, 12, np.float64),
        (2.0**40, 2.0**40, 1, np.float64),
        (2.0**60, 2.0**4, 1, np.float64),
        (2.0**4, 2.0**60, 1, np.float64),
        (0.0, 2.0**61, 4, np.int64),
        (0.0, 2.0**70, 1, np.float64),
        (100583125626831.0, 857.0, 107, np.float64),
    ],
)
def test_what_fits_int64_and_what_does_not(first, second, count, dtype):
    """The sum of `count` equal products is right either way; the last is 2^63 + 61 and, in floats, below 2^63."""
    spec = ConvSpec(1, 1, 1, 1, count, (1, 1))
    x, grad_output = np.full((1, 1, 1, count), first), np.full((1, 1, 1, count), second)
    gradient = reference.grad_weight(x, grad_output, spec)
    assert int(first) * int(second) * count == pytest.approx(gradient.item(), rel=1e-13)
    assert gradient.dtype == dtype


def test_grad_bias_counts_its_terms():
    """256 times 2^57 are 2^65, too large for an int64; 4 times are not."""
    assert reference.grad_bias(np.full((1, 1, 64, 4), 2.0**57)).tolist() == [2.0**65]
    assert reference.grad_bias(np.full((1, 4, 1, 4), 2.0**57)).dtype == np.int64


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
@settings(max_examples=40)
def test_gauges_of_whole_numbers_are_the_raised_sums_to_the_bit(spec, seed):
    """A (1 + 2 (n+2) u), rounded once; n counts what may meet in an entry."""
    x, weight, grad_output = integers(spec, seed)
    sums = (*by_loops(*(np.abs(array) for array in (x, weight, grad_output)), spec), np.abs(grad_output).sum((0, 2, 3)))
    filters = spec.out_channels // spec.groups
    terms = (spec.terms, filters * spec.kernel_size[0] * spec.kernel_size[1], spec.terms)
    gauges = (
        reference.gauge(x, grad_output, spec),
        reference.gauge_input(weight, grad_output, spec),
        reference.gauge_bias(grad_output),
    )
    for total, n, gauge in zip(sums, terms, gauges, strict=True):
        assert [float(Fraction(a) * (1 + Fraction(n + 2, 2**52))) for a in total.flat] == gauge.ravel().tolist()


@given(specs(), st.integers(0, 999))
@settings(max_examples=40)
def test_gauges_where_the_upstream_is_one_number_are_the_same_sums(spec, seed):
    """G = +-3 at every output, as an absolute error has it, and a G that only the last output sets apart."""
    x, weight, grad_output = integers(spec, seed)
    same = np.where(grad_output < 0, -3.0, 3.0)
    other = same.copy()
    other.flat[-1] = 0.0
    for upstream in (same, other):
        sums = by_loops(np.abs(x), np.abs(weight), np.abs(upstream), spec)
        terms = (spec.terms, spec.terms_of("input"))
        gauges = reference.gauge(x, upstream, spec), reference.gauge_input(weight, upstream, spec)
        for total, n, gauge in zip(sums, terms, gauges, strict=True):
            assert [float(Fraction(a) * (1 + Fraction(n + 2, 2**52))) for a in total.flat] == gauge.ravel().tolist()


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
