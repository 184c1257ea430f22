"""What a kind of arithmetic may add to a bound: by hand, and against numbers rounded in the way it describes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gradcheck_cli.layers import conv
from gradcheck_cli.model import Case, ConvSpec
from gradcheck_cli.numbers.arithmetic import Judged, declared_slack, fft_slack, no_slack, update_slack

U = 2.0**-53
SPEC = ConvSpec(1, 1, 2, 2, 2, (1, 1))
CASE = Case(
    SPEC,
    np.array([[[[1.0, 2.0], [2.0, 4.0]]]]),  # norm 5
    np.array([-7.0, 3.0]).reshape(2, 1, 1, 1),
    np.array([1.0, -9.0]),
    np.array([[[[1.0, -1.0], [1.0, 1.0]], [[2.0, -2.0], [2.0, 0.0]]]]),  # norm 4; sums of |.| 4 and 6
)


def test_direct_summation_adds_nothing():
    """For any gradient; only such code is exact on integers."""
    assert [0.0] * 3 == [no_slack(CASE, name) for name in ("weight", "input", "bias")]
    assert Judged("it", conv.backward, no_slack).is_exact
    assert not Judged("it", conv.backward, fft_slack).is_exact
    assert not Judged("it", conv.backward, update_slack(0.5)).is_exact


def test_fft_slack_by_hand():
    """2 log2(P) u ||.|| ||G|| with P = 4 * 4; grad_input has F in the place of X; grad_bias is summed directly."""
    assert 2 * 4 * U * 5 * 4 == fft_slack(CASE, "weight")
    assert 2 * 4 * U * np.sqrt(58.0) * 4 == pytest.approx(fft_slack(CASE, "input"), rel=1e-15, abs=0)
    assert 0 == fft_slack(CASE, "bias")


def test_update_slack_by_hand():
    """u (5 ||X|| ||G|| + 2 max |F| / rate), for grad_bias with sum |G| and |b|; grad_input is returned."""
    slack = update_slack(0.25)

    assert U * (5 * 20 + 2 * 7 / 0.25) == slack(CASE, "weight")
    assert U * (5 * 6 + 2 * 9 / 0.25) == slack(CASE, "bias")
    assert 0 == slack(CASE, "input")


def test_update_slack_of_weights_below_1():
    """The largest |F| and |b| count, however small: 0.5 and 0.25."""
    small = replace(CASE, weight=CASE.weight * 0 - 0.5, bias=CASE.bias * 0 + 0.25)

    assert U * (5 * 20 + 2 * 0.5 / 0.25) == update_slack(0.25)(small, "weight")
    assert U * (5 * 6 + 2 * 0.25 / 0.25) == update_slack(0.25)(small, "bias")


def test_each_slack_says_its_rule_and_its_cause():
    """They stand in the criterion of a check, and direct summation has no cause."""
    assert ("nothing", "") == (no_slack.rule, no_slack.cause)
    assert ("2 log2(P) u ||X|| ||G||", "FFT arithmetic") == (fft_slack.rule, fft_slack.cause)
    assert "u (5 ||X|| ||G|| + 2 max |F| / rate)" == update_slack(0.1).rule
    assert "the gradients are read off an update with rate 0.1" == update_slack(0.1).cause


@given(st.floats(1e-6, 10), st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), st.floats(-1e6, 1e6))
def test_what_is_read_off_an_update_is_within_the_slack(rate, pixels, weight):
    """new = F - rate * g in float64, then (F - new) / rate, with the true g an integer."""
    x = np.rint(np.array(pixels)).reshape(1, 1, 2, 2)
    case = Case(ConvSpec(1, 1, 1, 2, 2, (1, 1)), x, np.full((1, 1, 1, 1), weight), np.zeros(1), np.ones((1, 1, 2, 2)))
    old, gradient = np.array([weight]), np.array([x.sum()])
    new = old - rate * gradient

    assert abs((old - new) / rate - gradient)[0] <= update_slack(rate)(case, "weight")


def test_what_a_target_declares():
    """--arithmetic fft comes first, then a rate that its code holds; 1 rounds nothing."""
    assert declared_slack("fft", 0.01) is fft_slack
    assert declared_slack("direct", 1.0) is no_slack
    assert update_slack(0.01)(CASE, "weight") == declared_slack("direct", 0.01)(CASE, "weight")
    assert "the gradients are read off an update with rate 0.01" == declared_slack("direct", 0.01).cause
