"""The checks of a run one by one, on numbers small enough for the hand: verdicts, blame and allowances."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli import checks, conv
from gradcheck_cli.arithmetic import Judged, fft_slack, no_slack
from gradcheck_cli.checks import RealData
from gradcheck_cli.model import GRADIENTS, Case, ConvSpec, Gradients, Verdict

SPEC = ConvSpec(1, 1, 1, 2, 2, (1, 1))
X, G = [[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [-1.0, 2.0]]
CASE = Case(SPEC, np.array([[X]]), np.array([[[[3.0]]]]), np.array([1.0]), np.array([[G]]))
# By hand: 1 + 0 - 3 + 8 = 6; G times 3; 1 + 0 - 1 + 2 = 2.
RIGHT = Gradients(np.array([[[[6.0]]]]), np.array([[[[3.0, 0.0], [-3.0, 6.0]]]]), np.array([2.0]))
OURS = Judged("ours", conv.backward, no_slack)
FFT = Judged("the FFT", conv.backward, fft_slack)


def exact(hand, autograd=RIGHT, judged=OURS):
    """The exact checks of a hand against autograd."""
    return checks.exact_checks(CASE, judged, hand, autograd, "integers")


def changed(name, by=1.0):
    """The right gradients with one of them changed in its first entry."""
    array = RIGHT.named(name).copy()
    array.flat[0] += by
    return replace(RIGHT, **{name: array})


def test_the_right_gradients_by_hand_pass():
    """Three checks, each with all its entries, and no referee."""
    found = exact(RIGHT)

    assert ["weight", "input", "bias"] == [check.gradient for check in found]
    assert [1, 4, 1] == [check.entries for check in found]
    assert {("exact", Verdict.PASS)} == {(check.name, check.verdict) for check in found}
    assert Gradients is type(conv.backward(CASE))
    assert all(np.array_equal(RIGHT.named(name), conv.backward(CASE).named(name)) for name in GRADIENTS)


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("by", [1.0, 1e-9, np.nan, np.inf])
def test_one_entry_off_fails_and_the_side_is_named(name, by):
    """Both sides are suspects, and the definition decides."""
    ours = [check for check in exact(changed(name, by)) if check.verdict is Verdict.FAIL]
    theirs = [check for check in exact(RIGHT, changed(name, by)) if check.verdict is Verdict.FAIL]
    size = RIGHT.named(name).size

    assert ["exact", "referee"] == [check.name for check in ours] == [check.name for check in theirs]
    said = f"the definition's sum says that grad_{name} is wrong in"
    assert f"{said} ours (1 of {size} entries); autograd is right" == ours[1].detail
    assert f"{said} autograd (1 of {size} entries); ours is right" == theirs[1].detail
    assert {name} == {check.gradient for check in (*ours, *theirs)}


def test_both_sides_may_be_wrong():
    """Then both are named, and none is called right."""
    referee = exact(changed("weight"), changed("weight", 2.0))[1]

    assert "is wrong in ours (1 of 1 entries) and autograd (1 of 1 entries)" in referee.detail
    assert "is right" not in referee.detail


def test_a_gradient_that_is_missing():
    """grad_weight must be there; the others are not applicable where a side has none."""
    found = {check.gradient: check.verdict for check in exact(Gradients(), RIGHT) if check.name == "exact"}

    assert {"weight": "fail", "input": "not-applicable", "bias": "not-applicable"} == found


def test_fft_arithmetic_is_allowed_its_slack_and_no_more():
    """2 log2(P) u ||X|| ||G|| with P = 4 x 4 points, for grad_weight and grad_input; nothing for grad_bias."""
    slack = 2 * 4 * 2.0**-53 * np.sqrt(30.0) * np.sqrt(6.0)

    assert slack == pytest.approx(fft_slack(CASE, "weight"), rel=1e-14)
    assert 0 == fft_slack(CASE, "bias")
    assert "pass" == exact(changed("weight", slack / 2), judged=FFT)[0].verdict
    assert "fail" == exact(changed("weight", 4 * slack), judged=FFT)[0].verdict
    assert "fail" == exact(changed("weight", slack / 2))[0].verdict
    assert (True, False) == (OURS.is_exact, FFT.is_exact)


def real(dtype, off):
    """The check of grad_weight on data whose gauge is 12 = 1 + 0 + 3 + 8 and n = 4, autograd off by `off`."""
    autograd = Gradients(weight=RIGHT.weight + off)
    return checks.real_checks(RealData(CASE, dtype, RIGHT, autograd), OURS, exact_passed=True)


@pytest.mark.parametrize(
    ("dtype", "allowed"),
    [
        ("float64", 2 * 6 * 2.0**-53 * 12),
        ("float32", 6 * 2.0**-24 * 12),
        ("float16", 2.0**-11 * 6),
        ("bfloat16", 2.0**-8 * 6),
    ],
)
def test_what_is_allowed_on_real_data(dtype, allowed):
    """Just within passes, twice as much fails, in every dtype."""
    assert "pass" == real(dtype, 0.9 * allowed)[0].verdict
    assert "fail" == real(dtype, 2.1 * allowed)[0].verdict
    assert "pass" == real(dtype, -0.9 * allowed)[0].verdict
    assert "fail" == real(dtype, -2.1 * allowed)[0].verdict


def test_float32_between_typical_and_worst_case_is_decided_by_the_exact_probe():
    """sqrt(4) = 2 units of 2^-24 A are typical; 4 are not, and without the probe nothing is decided."""
    unit = 2.0**-24 * 12
    data = RealData(CASE, "float32", RIGHT, Gradients(weight=RIGHT.weight + 4 * unit))

    assert real("float32", unit)[0].detail.startswith("typical rounding: 1 ")
    assert "decided by the exact probe" in real("float32", 4 * unit)[0].detail
    assert "inconclusive" == checks.real_checks(data, OURS, exact_passed=False)[0].verdict


def test_a_backward_of_another_shape_or_none_never_passes():
    """Whatever the check."""
    for weight in (None, np.zeros((1, 1, 1, 2)), np.zeros(1)):
        data = RealData(CASE, "float32", Gradients(weight=weight), RIGHT)
        assert "pass" not in {
            check.verdict for check in checks.real_checks(data, OURS, True) if check.gradient == "weight"
        }
        assert "pass" != exact(Gradients(weight=weight))[0].verdict


def test_a_gradient_of_another_shape_does_not_crash_the_adjoint():
    """It has been failed by the exact check already."""
    wrong = replace(RIGHT, input=np.zeros((1, 1, 3, 2)))

    check = checks.adjoint_check(CASE, wrong, OURS, np.random.default_rng(0))

    assert check.verdict in (Verdict.FAIL, Verdict.PASS, Verdict.NOT_APPLICABLE)


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_adjoint_sees_one_wrong_entry(name):
    """On integers it is exact, and 1e-9 is as wrong as 1."""
    assert "pass" == checks.adjoint_check(CASE, RIGHT, OURS, np.random.default_rng(0)).verdict
    for by in (1.0, 1e-9):
        assert "fail" == checks.adjoint_check(CASE, changed(name, by), OURS, np.random.default_rng(0)).verdict


def test_a_side_that_differs_from_itself():
    """Within the allowance it is told, beyond it fails; the same bits twice are said to be."""
    one, other = np.array([1.0, 2.0]), np.array([1.0, 2.5])

    assert "gives the same bits twice" in checks.repeat_check("weight", "it", one, one, np.zeros(2)).detail
    within = checks.repeat_check("weight", "it", one, other, np.array([0.0, 0.5]))
    beyond = checks.repeat_check("weight", "it", one, other, np.array([0.5, 0.0]))
    assert ("pass", "it differs from itself by up to 0.5 in 1 entries") == (within.verdict, within.detail)
    assert "fail" == beyond.verdict
    assert "not-applicable" == checks.repeat_check("weight", "it", None, None, np.zeros(2)).verdict
