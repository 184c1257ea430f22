"""The checks of a run one by one, on numbers small enough for the hand: verdicts, blame and allowances."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.checks import of_a_run as checks
from gradcheck_cli.checks.of_a_run import RealData
from gradcheck_cli.layers import conv
from gradcheck_cli.model import GRADIENTS, Case, Check, ConvSpec, Gradients, Verdict, Worst
from gradcheck_cli.model.text import counted
from gradcheck_cli.numbers import rounding
from gradcheck_cli.numbers.arithmetic import Judged, fft_slack, no_slack
from gradcheck_cli.oracles import adjoint
from gradcheck_cli.oracles.numeric import NumericResult

SPEC = ConvSpec(1, 1, 1, 2, 2, (1, 1))
X, G = [[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [-1.0, 2.0]]
CASE = Case(SPEC, np.array([[X]]), np.array([[[[3.0]]]]), np.array([1.0]), np.array([[G]]))
# By hand: 1 + 0 - 3 + 8 = 6; G times 3; 1 + 0 - 1 + 2 = 2.
RIGHT = Gradients(np.array([[[[6.0]]]]), np.array([[[[3.0, 0.0], [-3.0, 6.0]]]]), np.array([2.0]))
U = 2.0**-53
OURS = Judged("ours", conv.backward, no_slack)
FFT = Judged("the FFT", conv.backward, fft_slack)


def exact(hand, autograd=RIGHT, judged=OURS):
    """The exact checks of a hand against autograd."""
    return checks.exact_checks(CASE, judged, hand, autograd, "integers")


def changed(name, by=1.0):
    """The right gradients with one of them changed in its first entry."""
    array = RIGHT.get(name).copy()
    array.flat[0] += by
    return replace(RIGHT, **{name: array})


def test_the_right_gradients_by_hand_pass():
    """Three checks, each with all its entries, and no referee."""
    found = exact(RIGHT)

    assert ["weight", "input", "bias"] == [check.gradient for check in found]
    assert [1, 4, 1] == [check.entries for check in found]
    assert {("exact", Verdict.PASS)} == {(check.name, check.verdict) for check in found}
    assert Gradients is type(conv.backward(CASE))
    assert all(np.array_equal(RIGHT.get(name), conv.backward(CASE).get(name)) for name in GRADIENTS)


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("by", [1.0, 1e-9, np.nan, np.inf])
def test_one_entry_off_fails_and_the_side_is_named(name, by):
    """Both sides are suspects, and the definition decides."""
    ours = [check for check in exact(changed(name, by)) if check.verdict is Verdict.FAIL]
    theirs = [check for check in exact(RIGHT, changed(name, by)) if check.verdict is Verdict.FAIL]
    of_all = counted(RIGHT.get(name).size, "entry")

    assert ["exact", "referee"] == [check.name for check in ours] == [check.name for check in theirs]
    said = f"the definition's sum says that grad_{name} is wrong in"
    assert f"{said} ours (1 of {of_all}); autograd is right" == ours[1].detail
    assert f"{said} autograd (1 of {of_all}); ours is right" == theirs[1].detail
    assert {name} == {check.gradient for check in (*ours, *theirs)}


def test_both_sides_may_be_wrong():
    """Then both are named, and none is called right."""
    referee = exact(changed("weight"), changed("weight", 2.0))[1]

    assert "is wrong in ours (1 of 1 entry) and autograd (1 of 1 entry)" in referee.detail
    assert "is right" not in referee.detail


def test_a_gradient_that_is_missing():
    """grad_weight must be there; the others are not applicable where a side has none."""
    found = {check.gradient: check.verdict for check in exact(Gradients(), RIGHT) if check.name == "exact"}

    assert {"weight": "fail", "input": "not-applicable", "bias": "not-applicable"} == found
    for check in exact(RIGHT, Gradients()):
        assert (Verdict.NOT_APPLICABLE, 0, "not computed by both sides") == (check.verdict, check.entries, check.detail)


# 2 log2(P) u ||.|| ||G|| with P = 4 x 4 points, ||X||^2 = 30, ||F|| = 3, ||G||^2 = 6.
SLACK = {"weight": 8 * U * np.sqrt(30.0 * 6), "input": 8 * U * 3 * np.sqrt(6.0), "bias": 0.0}


@pytest.mark.parametrize("name", GRADIENTS)
def test_fft_arithmetic_is_allowed_its_slack_and_no_more(name):
    """2 log2(P) u ||X|| ||G|| for grad_weight, with F in the place of X for grad_input, nothing for grad_bias."""
    zero = Gradients(*(np.zeros_like(RIGHT.get(name)) for name in GRADIENTS))
    within, beyond = (replace(zero, **{name: zero.get(name) + by * SLACK[name]}) for by in (0.999, 1.001))
    verdicts = [
        {check.gradient: check.verdict for check in exact(hand, zero, judged) if check.name == "exact"}[name]
        for hand, judged in ((within, FFT), (beyond, FFT), (within, OURS))
    ]

    assert SLACK[name] == pytest.approx(fft_slack(CASE, name), rel=1e-14, abs=0)
    assert ["pass", "pass", "pass"] if name == "bias" else ["pass", "fail", "fail"] == verdicts
    assert (True, False) == (OURS.is_exact, FFT.is_exact)


def test_the_criterion_of_the_exact_check():
    """Bit for bit, or the slack of the arithmetic with its cause."""
    assert "integers: every order of summation is exact, so equal bit for bit" == exact(RIGHT)[0].criterion
    assert "integers: |difference| <= 2 log2(P) u ||X|| ||G|| (FFT arithmetic)" == exact(RIGHT, judged=FFT)[0].criterion


def real(dtype, off):
    """The check of grad_weight on data whose gauge is 12 = 1 + 0 + 3 + 8 and n = 4, autograd off by `off`."""
    autograd = Gradients(weight=RIGHT.weight + off)
    return checks.real_checks(RealData(CASE, dtype, RIGHT, autograd), OURS, {"weight"})


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
    """Up to sqrt(n) units of 2^-24 A are typical; above it the probe decides, and without it nothing does."""
    unit = 2.0**-24 * 12

    def said(units, decided=("weight",)):
        data = RealData(CASE, "float32", RIGHT, Gradients(weight=RIGHT.weight + units * unit))
        (check,) = checks.real_checks(data, OURS, decided)
        return check.verdict, check.detail

    assert ("pass", "typical rounding: 0.25 units of 2^-24 A") == said(0.25)
    assert ("pass", "typical rounding: 1 units of 2^-24 A") == said(1, ())
    assert ("pass", "4 units of 2^-24 A: float32's worst case, decided by the exact probe") == said(4)
    assert ("inconclusive", "4 units of 2^-24 A: not decidable in float32") == said(4, ("input", "bias"))


@pytest.mark.parametrize(("name", "terms"), [("weight", 18), ("input", 6), ("bias", 18)])
def test_up_to_the_square_root_of_the_terms_is_typical(name, terms):
    """Each gradient has its own n; sqrt(n) itself is typical and the next number above it is not."""
    zero = Gradients(**{name: np.zeros_like(UNEQUAL_TRUTH.get(name))})
    # Powers of 2 and a root in float64: the ratio is the root to the bit.
    gauges = {name: np.full(zero.get(name).shape, 2.0**24)}

    def said(units):
        off = Gradients(**{name: np.full(zero.get(name).shape, units)})
        hand = replace(zero, weight=UNEQUAL_TRUTH.weight) if name != "weight" else zero
        checked = checks.real_checks(RealData(UNEQUAL, "float32", hand, off, gauges), OURS, GRADIENTS)
        return [check.detail.partition(":")[0] for check in checked]

    assert ["typical rounding"] == said(np.sqrt(terms))
    assert [f"{np.sqrt(terms):.3g} units of 2^-24 A"] == said(np.nextafter(np.sqrt(terms), 9))


# n is 3 * 2 * 3 = 18 for grad_weight and grad_bias, 3 * 1 * 2 = 6 for grad_input, where taps overlap in 2 of 4 columns.
UNEQUAL_SPEC = ConvSpec(3, 1, 3, 2, 4, (1, 2))
UNEQUAL = Case(
    UNEQUAL_SPEC, np.full((3, 1, 2, 4), 0.5), np.full((3, 1, 1, 2), 2.0), np.ones(3), np.full((3, 3, 2, 3), 3.0)
)
UNEQUAL_TRUTH = Gradients(
    np.full((3, 1, 1, 2), 18 * 3 * 0.5), np.full((3, 1, 2, 4), [18.0, 36.0, 36.0, 18.0]), np.full(3, 18 * 3.0)
)
UNEQUAL_TERMS = {"weight": 18, "input": 6, "bias": 18}
# 2 log2(4 * 8 points) u ||.|| ||G||: ||X||^2 = 6, ||F||^2 = 24, ||G||^2 = 486.
UNEQUAL_SLACK = {"weight": 10 * U * np.sqrt(6.0 * 486), "input": 10 * U * np.sqrt(24.0 * 486), "bias": 0.0}


@pytest.mark.parametrize("judged", [OURS, FFT], ids=["direct", "fft"])
@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_what_is_allowed_between_autograd_and_a_float64_code(dtype, name, judged):
    """The bound of the dtype, half the float64 bound for the other side, and the slack of its arithmetic."""
    n, gauge = UNEQUAL_TERMS[name], UNEQUAL_TRUTH.get(name)
    value = -gauge / 2
    in_float64 = (n + 2) * U * gauge
    in_float32 = (n + 2) * 2.0**-24 * gauge + 2 * n * 2.0**-149
    # Partial sums that torch rounds: one for each of 3 samples, and in grad_input one for each of 1 * 2 taps.
    m = 2 if name == "input" else 3
    low = {"float16": (2.0**-11, 2.0**-25), "bfloat16": (2.0**-8, 2.0**-134)}
    expected = in_float64 + (UNEQUAL_SLACK[name] if judged is FFT else 0.0)
    if dtype == "float64":
        expected = expected + in_float64
    elif dtype == "float32":
        expected = expected + in_float32
    else:
        u, half = low[dtype]
        expected = expected + u * np.abs(value) + half + (m - 1) * (u * gauge + half) + (1 + u) ** m * in_float32
    real = RealData(UNEQUAL, dtype, UNEQUAL_TRUTH, UNEQUAL_TRUTH)

    assert expected == pytest.approx(checks.allowed_between(real, judged, name, value), rel=1e-13, abs=0)


@pytest.mark.parametrize("name", ["weight", "input"])
def test_what_is_allowed_where_factors_are_cut_to_tf32(name):
    """The bound of TF32 and half that of float64 for the other side."""
    n, gauge = UNEQUAL_TERMS[name], UNEQUAL_TRUTH.get(name)
    real = RealData(UNEQUAL, "tf32", UNEQUAL_TRUTH, UNEQUAL_TRUTH)
    expected = rounding.allowed_tf32(n, gauge) + (n + 2) * U * gauge
    assert expected == pytest.approx(checks.allowed_between(real, OURS, name, -gauge), rel=1e-13, abs=0)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_what_is_allowed_where_units_of_matrix_products_add_up(dtype):
    """On a GPU the float32 sums of few bits are cut; the criterion says so."""
    real = RealData(UNEQUAL, dtype, UNEQUAL_TRUTH, UNEQUAL_TRUTH)
    cut = replace(real, cuts_sums=True)
    n, gauge = UNEQUAL_TERMS["weight"], UNEQUAL_TRUTH.weight
    more = [checks.allowed_between(each, OURS, "weight", np.zeros(())) for each in (real, cut)]

    factor = (1 + rounding.UNIT_ROUNDOFF[dtype]) ** UNEQUAL.spec.batch
    np.testing.assert_allclose(more[1] - more[0], factor * (n + 2) * (2.0**-22 - 2.0**-24) * gauge, rtol=1e-6)
    criteria = [checks.real_checks(each, OURS, {"weight"})[0].criterion for each in (real, cut)]
    assert ["(n+2) 2^-24 A" in criteria[0], "(n+2) 2^-22 A" in criteria[1]] == [True, True]


def test_a_sum_without_products_is_allowed_nothing_for_tf32():
    """grad_bias keeps the bound of float32."""
    allowed = [
        checks.allowed_between(RealData(UNEQUAL, precision, UNEQUAL_TRUTH, UNEQUAL_TRUTH), OURS, "bias", np.zeros(3))
        for precision in ("tf32", "float32")
    ]
    assert allowed[0].tolist() == allowed[1].tolist()


@pytest.mark.parametrize(
    ("share", "decided", "verdict", "said"),
    [
        (0.9, "", "pass", "typical rounding: 0.0018 of A"),
        (1.0001, "weight", "pass", "0.002 of A: TF32's worst case, decided by the exact probe"),
        (1.0001, "", "inconclusive", "0.002 of A: not decidable in TF32"),
        (1.1, "weight", "fail", ""),
    ],
)
def test_beyond_its_factors_tf32_is_decided_by_whole_numbers(share, decided, verdict, said):
    """2^-9 A and a little is what cut factors explain; of 4 terms cut sums explain little more. A is 12."""
    off = RIGHT.weight + share * rounding.TF32_FACTORS * 12
    (check,) = checks.real_checks(RealData(CASE, "tf32", RIGHT, Gradients(weight=off)), OURS, {decided})
    assert (check.verdict, check.detail) == (verdict, said)


def test_where_a_is_zero_only_denormals_are_allowed():
    """2 n of the smallest one of the dtype: n = 4 products may underflow on either side."""
    real = {dtype: RealData(replace(CASE, x=CASE.x * 0), dtype, RIGHT, RIGHT) for dtype in ("float64", "float32")}
    allowed = {dtype: checks.allowed_between(it, OURS, "weight", np.zeros(())).item() for dtype, it in real.items()}

    assert {"float64": 8 * 2.0**-1074, "float32": 8 * 2.0**-149} == allowed


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_real_check_tells_its_rule(name):
    """Name, gradient, entries, and the criterion of the dtype with the n of this gradient."""
    rules = {
        "float64": "on the pictures: |difference| <= 2 (n+2) 2^-53 A",
        "float32": "on the pictures: |difference| <= (n+2) 2^-24 A; typical up to sqrt(n) 2^-24 A",
        "bfloat16": "on the pictures: |difference| <= 2^-8 (|g| + (m-1) A) + (n+2) 2^-24 A, m partial sums",
        "float16": "on the pictures: |difference| <= 2^-11 (|g| + (m-1) A) + (n+2) 2^-24 A, m partial sums",
    }
    for dtype, rule in rules.items():
        found = checks.real_checks(RealData(UNEQUAL, dtype, UNEQUAL_TRUTH, UNEQUAL_TRUTH), OURS, GRADIENTS)
        check = found[GRADIENTS.index(name)]

        assert ("hand-vs-autograd", name, Verdict.PASS) == (check.name, check.gradient, check.verdict)
        assert f"{rule}, n = {UNEQUAL_TERMS[name]}" == check.criterion
        assert (UNEQUAL_TRUTH.get(name).size, 0) == (check.entries, check.mismatched)


def test_the_size_of_a_low_gradient_is_taken_from_the_float64_side():
    """2^-11 |g| with g = 6 of the code under test, not 6.5 of autograd."""
    worst = real("float16", 0.5)[0].worst

    assert 6 * 2.0**-11 + 2.0**-25 + (1 + 2.0**-11) * 6 * 2.0**-24 * 12 == pytest.approx(worst.allowed, rel=1e-9, abs=0)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_both_sides_must_have_a_gradient(dtype):
    """What one side lacks is left out, but for a missing grad_weight of the code under test, which fails."""

    def compared(hand, autograd):
        found = checks.real_checks(RealData(CASE, dtype, hand, autograd), OURS, GRADIENTS)
        return {check.gradient: str(check.verdict) for check in found if check.name == "hand-vs-autograd"}

    assert {"weight": "pass", "input": "pass", "bias": "pass"} == compared(RIGHT, RIGHT)
    assert {"weight": "pass", "bias": "pass"} == compared(replace(RIGHT, input=None), RIGHT)
    assert {"weight": "pass", "bias": "pass"} == compared(RIGHT, replace(RIGHT, input=None))
    assert {"weight": "fail", "input": "pass", "bias": "pass"} == compared(replace(RIGHT, weight=None), RIGHT)
    assert {"input": "pass", "bias": "pass"} == compared(RIGHT, replace(RIGHT, weight=None))
    assert {"weight": "fail"} == compared(Gradients(), RIGHT)
    assert {} == compared(RIGHT, Gradients())


def test_the_referee_is_asked_in_float64_only():
    """Every failure there is followed by its word; in float32 the exact probe has its own."""
    ours = Gradients(RIGHT.weight + 1, RIGHT.input + 1, RIGHT.bias)

    def told(dtype, hand, autograd):
        found = checks.real_checks(RealData(CASE, dtype, hand, autograd), OURS, GRADIENTS)
        return [(check.name, check.gradient, check.detail) for check in found if check.verdict is Verdict.FAIL]

    said = "the definition's sum says that grad_{} is wrong in {} ({} of {}); {} is right"
    for hand, autograd, sides in ((ours, RIGHT, ("ours", "autograd")), (RIGHT, ours, ("autograd", "ours"))):
        words = [
            said.format(name, sides[0], size, counted(size, "entry"), sides[1])
            for name, size in (("weight", 1), ("input", 4))
        ]
        hers = [
            ("hand-vs-autograd", "weight", ""),
            ("referee", "weight", words[0]),
            ("hand-vs-autograd", "input", ""),
            ("referee", "input", words[1]),
        ]
        assert hers == told("float64", hand, autograd)
        assert hers[::2] == told("float32", hand, autograd)


@pytest.mark.parametrize(("dtype", "scale", "tiny"), [("float32", -130, 2.0**-126), ("float64", -1030, 2.0**-1022)])
def test_flushed_denormals_could_explain_a_difference(dtype, scale, tiny):
    """A processor that flushes loses up to 2 n times the smallest normal number, 8 of them; more than that is wrong."""
    case = replace(CASE, x=CASE.x * 2.0**scale)
    right = Gradients(weight=RIGHT.weight * 2.0**scale)

    def said(off):
        autograd = Gradients(weight=right.weight + off)
        return checks.real_checks(RealData(case, dtype, right, autograd), OURS, GRADIENTS)

    (within,) = said(7.9 * tiny)
    assert (Verdict.INCONCLUSIVE, 1) == (within.verdict, within.entries)
    assert "flushed denormals could explain the difference" == within.detail
    assert ("hand-vs-autograd", "weight") == (within.name, within.gradient)
    assert "fail" == said(8.1 * tiny)[0].verdict


def test_autograd_that_overflows_decides_nothing():
    """Where the code under test did not; where it has no finite number itself, or none at all, it fails."""
    flat = np.full(RIGHT.input.shape, np.inf)

    def said(hand):
        found = checks.real_checks(
            RealData(CASE, "float16", replace(RIGHT, input=hand), replace(RIGHT, input=flat)), OURS, True
        )
        return found[1]

    assert (Verdict.INCONCLUSIVE, 4, "autograd overflowed in float16") == (
        said(RIGHT.input).verdict,
        said(RIGHT.input).entries,
        said(RIGHT.input).detail,
    )
    assert "fail" == said(np.full(RIGHT.input.shape, np.nan)).verdict
    assert "fail" == checks.real_checks(RealData(CASE, "float16", Gradients(), RIGHT), OURS, GRADIENTS)[0].verdict


def test_a_backward_of_another_shape_or_none_never_passes():
    """Whatever the check."""
    for weight in (None, np.zeros((1, 1, 1, 2)), np.zeros((1, 2, 1, 3)), np.zeros((2, 3))):
        for dtype in ("float64", "float32", "float16"):
            data = RealData(CASE, dtype, Gradients(weight=weight), RIGHT)
            assert "fail" == checks.real_checks(data, OURS, GRADIENTS)[0].verdict
        assert "pass" != exact(Gradients(weight=weight))[0].verdict


def numeric(value, bound, kinks=0):
    """Finite differences of one kernel entry, with their bound, a step of 2^-10 and that many kinks."""
    array = np.full((1, 1, 1, 1), value)
    return NumericResult(array, np.full((1, 1, 1, 1), bound), 2.0**-10, kinks, CASE.grad_output, CASE.x, 0.0)


def one(value):
    """An array of one kernel entry."""
    return np.full((1, 1, 1, 1), float(value))


def test_finite_differences_agree():
    """The check in full: its rule with the step, and how sharp it was."""
    (check,) = checks.numeric_check(numeric(6.0, 3e-8, kinks=5), CASE, one(6), OURS, one(12))

    assert check.worst is not None
    assert check.worst.allowed == pytest.approx(3e-8 + 6 * U * 12, rel=1e-14, abs=0)
    assert (
        Check(
            "numeric",
            "weight",
            Verdict.PASS,
            1,
            0,
            "on the pictures: |difference| <= kinks + rounding of central differences, step 0.00098",
            check.worst,
            "all 1 entry, bound 2e-09 of A, 5 outputs at a kink",
        )
        == check
    )


def test_finite_differences_that_are_too_coarse_decide_nothing():
    """Up to 1e-6 of A they do; above it not even a right code passes, nor a wrong one fails."""
    (check,) = checks.numeric_check(numeric(6.0, np.nextafter(5e-7, 1)), CASE, one(9), OURS, one(0.5))

    assert (
        Check(
            "numeric",
            "weight",
            Verdict.INCONCLUSIVE,
            1,
            0,
            "on the pictures: |difference| <= kinks + rounding of central differences, step 0.00098",
            detail="the bound is 1e-06 of A, more than 1e-06: kinks of the loss are too near",
        )
        == check
    )
    assert "pass" == checks.numeric_check(numeric(6.0, 5e-7), CASE, one(6), OURS, one(0.5))[0].verdict


@pytest.mark.parametrize("bound", [np.nan, np.inf])
def test_finite_differences_that_overflow_decide_nothing(bound):
    """Neither a right code nor a wrong one is judged by numbers that are none."""
    for value in (6, 9):
        (check,) = checks.numeric_check(numeric(6.0, bound), CASE, one(value), OURS, one(12))
        assert ("inconclusive", 1) == (check.verdict, check.entries)
        assert "something overflowed in the finite differences" == check.detail


def test_an_entry_whose_a_is_zero_says_nothing_about_sharpness():
    """Its own bound is all that it may differ by; the others still count."""
    spec = ConvSpec(1, 1, 2, 2, 2, (1, 1))
    case = Case(spec, CASE.x, np.full((2, 1, 1, 1), 3.0), np.ones(2), np.concatenate([CASE.grad_output, 0 * CASE.x], 1))
    gauge, bound = np.array([12.0, 0.0]).reshape(2, 1, 1, 1), np.array([12e-9, 1e-3]).reshape(2, 1, 1, 1)
    right = np.array([6.0, 0.0]).reshape(2, 1, 1, 1)
    result = NumericResult(right, bound, 2.0**-10, 0, case.grad_output, case.grad_output, 0.0)

    np.full(2, np.inf)  # memory that numpy hands out next: what nobody wrote must not count
    (check,) = checks.numeric_check(result, case, right, OURS, gauge)

    assert "all 2 entries, bound 1e-09 of A, 0 outputs at a kink" == check.detail


def test_what_finite_differences_and_the_code_may_differ_by():
    """Their own bound, half the float64 bound (n+2) u A of the code, and the slack of its arithmetic."""
    for judged, slack in ((OURS, 0.0), (FFT, SLACK["weight"])):
        allowed = checks.allowed_numeric(numeric(6.0, 1e-16), CASE, judged, one(12))
        assert 1e-16 + 6 * U * 12 + slack == pytest.approx(allowed.item(), rel=1e-14, abs=0)


def test_who_is_wrong_beside_finite_differences():
    """The definition gives 6; each side may be off by its own bound, and nobody is blamed for that."""
    said = "the definition's sum says that grad_weight is wrong in "
    bound, rounded = 6e-7, 12 * U * 12
    cases = [
        (6 + 0.9 * bound, 7, OURS, "ours (1 of 1 entry); numeric is right"),
        (7, 6, OURS, "numeric (1 of 1 entry); ours is right"),
        (7, 6 + rounded + 0.9 * SLACK["weight"], FFT, "numeric (1 of 1 entry); the FFT is right"),
        (7, 6 + rounded + 1.2 * SLACK["weight"], FFT, "the FFT (1 of 1 entry) and numeric (1 of 1 entry)"),
        (7, 6 + 1e-12, OURS, "ours (1 of 1 entry) and numeric (1 of 1 entry)"),
    ]
    for finite, actual, judged, blamed in cases:
        check, referee = checks.numeric_check(numeric(finite, bound), CASE, one(actual), judged, one(12))
        assert ("numeric", "weight", Verdict.FAIL) == (check.name, check.gradient, check.verdict)
        assert ("referee", "weight", said + blamed) == (referee.name, referee.gradient, referee.detail)


def adjoint_of(gradients, judged=OURS):
    """The check of each gradient by its name."""
    return {each.gradient: each for each in checks.adjoint_checks(CASE, gradients, judged, np.random.default_rng(0))}


EQUATIONS = {
    "weight": "<conv(X,F'), G> = <F', dE/dF>, exact on wide integers",
    "input": "<conv(X',F), G> = <X', dE/dX>, exact on wide integers",
    "bias": "<b', sum of G> = <b', dE/db>, exact on wide integers",
}


def test_the_adjoint_checks_in_full():
    """Each gradient has its own equation and its own verdict: how likely a wrong entry is missed, or that it fails."""
    chance = adjoint.adjoint_mismatch(CASE, RIGHT, np.random.default_rng(0)).miss_probability
    told = f"one wrong entry would be missed with probability {chance:.1g}"
    right = {
        name: Check("adjoint", name, Verdict.PASS, size, 0, EQUATIONS[name], detail=told)
        for name, size in (("weight", 1), ("input", 4), ("bias", 1))
    }
    wrong = {
        name: replace(
            right[name], verdict=Verdict.FAIL, mismatched=1, detail=f"the identity does not hold for grad_{name}"
        )
        for name in ("weight", "bias")
    }

    assert right == adjoint_of(RIGHT)
    assert right | wrong == adjoint_of(replace(changed("weight"), bias=RIGHT.bias - 1))
    assert list(EQUATIONS) == list(GRADIENTS)


def test_where_an_adjoint_check_has_no_meaning():
    """Code that is not exact on integers; a gradient that is missing or of another shape, beside which others are."""
    absent = "no grad_weight of the right shape"
    for weight in (None, np.zeros((1, 1, 2, 1))):
        found = adjoint_of(replace(RIGHT, weight=weight))
        assert found["weight"] == Check(
            "adjoint", "weight", Verdict.NOT_APPLICABLE, 0, 0, EQUATIONS["weight"], detail=absent
        )
        assert {"input": "pass", "bias": "pass"} == {name: found[name].verdict for name in ("input", "bias")}
    for name, check in adjoint_of(RIGHT, FFT).items():
        why = "not exact on integers: FFT arithmetic"
        assert Check("adjoint", name, Verdict.NOT_APPLICABLE, 0, 0, EQUATIONS[name], detail=why) == check


def test_an_equation_that_cannot_fail_is_none(monkeypatch):
    """Where only the factor 0 fits, both sides are 0 whatever the gradient is."""
    sure = adjoint.AdjointResult((adjoint.Identity("weight", 0, 0, 1.0),))
    monkeypatch.setattr(adjoint, "adjoint_mismatch", lambda *_: sure)

    assert {"not-applicable"} == {each.verdict.value for each in adjoint_of(RIGHT).values()}


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_adjoint_sees_one_wrong_entry(name):
    """On integers it is exact, 1e-9 is as wrong as 1, and the other gradients are not said to be wrong."""
    assert {"pass"} == {each.verdict.value for each in adjoint_of(RIGHT).values()}
    for by in (1.0, 1e-9):
        found = adjoint_of(changed(name, by))
        assert [name] == [each.gradient for each in found.values() if each.verdict is Verdict.FAIL]


def test_a_side_that_differs_from_itself():
    """Within the allowance it is told, beyond it fails; the rule names the side."""
    first, second = np.array([1.0, 2.0]), np.array([1.0, 2.5])

    within = checks.repeat_check("bias", "it", first, second, np.array([0.0, 0.5]))
    beyond = checks.repeat_check("bias", "it", first, second, np.array([0.5, 0.0]))

    told = ("bias", "it twice on the same data: equal, or within rounding and told")
    assert told == (within.gradient, within.criterion) == (beyond.gradient, beyond.criterion)
    assert ("repeat", "pass", "it differs from itself by up to 0.5 in 1 entry") == (
        within.name,
        within.verdict,
        within.detail,
    )
    assert ("fail", within.detail) == (beyond.verdict, beyond.detail)


def test_the_same_bits_twice():
    """A pass with its entries, NaN among them too: another check has that to tell."""
    for first, worst in (
        (np.array([1.0, 2.0]), Worst((0,), 1.0, 1.0, 0.0, 0.0, 0.0)),
        (np.array([1.0, np.nan]), None),
    ):
        check = checks.repeat_check("weight", "it", first, first.copy(), np.zeros(2))
        assert ("pass", 2, 0, "it gives the same bits twice") == (
            check.verdict,
            check.entries,
            check.mismatched,
            check.detail,
        )
        assert worst is None or worst == check.worst


def test_a_side_that_returns_nothing_or_another_shape():
    """Nothing is nothing to repeat; something once and not again fails, with no number to tell."""
    pair, none = np.array([1.0, 2.0]), checks.repeat_check("weight", "it", None, None, np.zeros(2))

    assert ("not-applicable", "it returned nothing") == (none.verdict, none.detail)
    for second in (None, np.zeros(3)):
        check = checks.repeat_check("weight", "it", pair, second, np.ones(2))
        assert ("fail", "it differs from itself by up to nan in 2 entries") == (check.verdict, check.detail)
