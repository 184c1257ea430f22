"""The checks of `gradcheck run`, each from arrays to one piece of evidence.

Where two sides disagree the referee is asked. Nothing here loads a picture, draws weights or prints.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from gradcheck_cli.checks.compare import (
    Subject,
    compare_exact,
    compare_within,
    not_applicable,
    undecided,
    with_detail,
    within,
)
from gradcheck_cli.checks.referee import (
    gauge_of,
    mismatches,
    named_guilty,
    of_right_shape,
    refereed,
    truth_of,
)
from gradcheck_cli.model import GRADIENTS, TENSORS, Array, Case, Check, ConvSpec, GradientName, Gradients, Verdict
from gradcheck_cli.model.text import counted
from gradcheck_cli.numbers import rounding
from gradcheck_cli.numbers.arithmetic import Judged
from gradcheck_cli.oracles import adjoint
from gradcheck_cli.oracles.numeric import NumericResult

# Above this share of A the finite differences no longer decide anything.
LARGEST_NUMERIC_BOUND = 1e-6


def exact_checks(case: Case, judged: Judged, hand: Gradients, autograd: Gradients, probe: str) -> list[Check]:
    """The integer probe: both sides must agree bit for bit, for all three gradients.

    Args:
        case: integers in float64, every partial sum exact in the dtype of both sides.
        judged: the code under test.
        hand: its gradients.
        autograd: autograd's.
        probe: what the data are, for the criterion.
    """
    found: list[Check] = []
    for name in GRADIENTS:
        subject = Subject("exact", name, f"{probe}: every order of summation is exact, so equal bit for bit")
        expected = autograd.get(name)
        if expected is None or (hand.get(name) is None and name != "weight"):
            found.append(not_applicable(subject, "not computed by both sides"))
            continue
        expected = expected.astype(np.float64)
        actual = hand.get(name)
        if judged.is_exact:
            check = compare_exact(subject, expected, actual)
        else:
            rule = f"|difference| <= {judged.slack.rule} ({judged.slack.cause})"
            subject = replace(subject, criterion=f"{probe}: {rule}")
            check = compare_within(subject, expected, actual, np.full(expected.shape, judged.slack(case, name)))
        found += refereed(check, case, name, {judged.name: actual, "autograd": expected}, judged)
    return found


@dataclass(frozen=True)
class RealData:
    """The run that the user sees: autograd in some precision and the code under test in float64 on the same X and G.

    `precision` and `cuts_sums` are those of a `Setting`; see also `precision_of`.
    """

    case: Case
    precision: str
    hand: Gradients
    autograd: Gradients
    _gauges: dict[GradientName, Array] = field(default_factory=dict, repr=False, compare=False)
    cuts_sums: bool = False

    def precision_of(self, gradient: GradientName) -> str:
        """The bias has no products: what cuts their factors leaves it in float32."""
        is_cut = self.precision == "tf32" and TENSORS[gradient].partner
        return "float32" if self.precision == "tf32" and not is_cut else self.precision

    def gauge(self, gradient: GradientName) -> Array:
        """A of every entry, computed once."""
        if gradient not in self._gauges:
            self._gauges[gradient] = gauge_of(self.case, gradient)
        return self._gauges[gradient]


def real_checks(real: RealData, judged: Judged, decided: Container[str]) -> list[Check]:
    """hand-vs-autograd on the picture, by the bound of the run's dtype.

    Args:
        real: the data and both sides' gradients.
        judged: the code under test.
        decided: the gradients that the exact probe found right, so that float32 need not decide them.
    """
    found: list[Check] = []
    for name in GRADIENTS:
        expected, actual = real.autograd.get(name), real.hand.get(name)
        if expected is None or (actual is None and name != "weight"):
            continue
        check = _real_check(real, judged, name, expected.astype(np.float64), actual)
        precision = real.precision_of(name)
        if check.verdict is Verdict.PASS and precision in _WORST_CASES:
            check = _WORST_CASES[precision](real, check, name, name in decided)
        if check.verdict is Verdict.FAIL and precision == "float64":
            sides = {judged.name: actual, "autograd": expected.astype(np.float64)}
            found += refereed(check, real.case, name, sides, judged)
        else:
            found.append(check)
    return found


def allowed_between(real: RealData, judged: Judged, gradient: GradientName, expected: Array) -> Array:
    """What rounding allows between autograd in its dtype and a float64 code, entry by entry."""
    terms, gauge = real.case.spec.terms_of(gradient), real.gauge(gradient)
    slack = judged.slack(real.case, gradient)
    precision = real.precision_of(gradient)
    if precision == "float64":
        return rounding.allowed_float64(terms, gauge) + slack
    if precision == "tf32":
        of_autograd = rounding.allowed_tf32(terms, gauge)
    else:
        parts = partial_sums(real.case.spec, gradient)
        cuts = real.cuts_sums and precision != "float32"
        of_autograd = rounding.allowed_low(precision, terms, gauge, expected, parts, cuts=cuts)
    return of_autograd + rounding.allowed_float64(terms, gauge) / 2 + slack


def partial_sums(spec: ConvSpec, gradient: GradientName) -> int:
    """Partial sums that torch may round to a low dtype: one for each sample, and in grad_input for each tap.

    Where the padding shows an element again, what came to its copies is rounded before it is added up.
    """
    return prod(spec.kernel_size) * spec.readings if gradient == "input" else spec.batch


# The rule that is printed with the verdict, for each precision of autograd.
CRITERIA = {
    "float64": "|difference| <= 2 (n+2) 2^-53 A",
    "float32": "|difference| <= (n+2) 2^-24 A; typical up to sqrt(n) 2^-24 A",
    "bfloat16": "|difference| <= 2^-8 (|g| + (m-1) A) + (n+2) {unit} A, m partial sums",
    "float16": "|difference| <= 2^-11 (|g| + (m-1) A) + (n+2) {unit} A, m partial sums",
    "tf32": "|difference| <= 2^-9 A + (n+2) 2^-22 A, factors cut to 11 bits; typical up to 2^-9 A",
}


def _real_check(real: RealData, judged: Judged, name: GradientName, expected: Array, actual: Array | None) -> Check:
    terms, precision = real.case.spec.terms_of(name), real.precision_of(name)
    criterion = CRITERIA[precision].format(unit="2^-22" if real.cuts_sums else "2^-24")
    subject = Subject("hand-vs-autograd", name, f"on the pictures: {criterion}, n = {terms}")
    if not np.isfinite(expected).all() and actual is not None and np.isfinite(actual).all():
        return undecided(subject, f"autograd overflowed in {precision}", int(expected.size))
    reference_size = expected if actual is None or actual.shape != expected.shape else actual
    allowed = allowed_between(real, judged, name, reference_size)
    check = compare_within(subject, expected, actual, allowed)
    # A processor that flushes denormals loses up to the smallest normal number in each product and each sum.
    flushed = 2 * terms * float(np.finfo(np.float64 if precision == "float64" else np.float32).tiny)
    if check.verdict is not Verdict.FAIL or actual is None or actual.shape != expected.shape:
        return check
    if within(expected, actual, allowed + flushed).all():
        return undecided(subject, "flushed denormals could explain the difference", check.entries)
    return check


def _of_float32(real: RealData, check: Check, name: GradientName, exact_passed: bool) -> Check:
    terms = real.case.spec.terms_of(name)
    largest = float(np.max(rounding.ratio_float32(_error(real, name), real.gauge(name))))
    is_typical = largest <= rounding.typical_limit(terms)
    return _typical_or_decided(check, f"{largest:.3g} units of 2^-24 A", "float32", is_typical, exact_passed)


def _of_tf32(real: RealData, check: Check, name: GradientName, exact_passed: bool) -> Check:
    off, gauge = _error(real, name), real.gauge(name)
    share = float(np.max(np.divide(off, gauge, out=np.where(off > 0, np.inf, 0.0), where=gauge > 0)))
    return _typical_or_decided(check, f"{share:.2g} of A", "TF32", share <= rounding.TF32_FACTORS, exact_passed)


def _error(real: RealData, name: GradientName) -> Array:
    return np.abs(real.autograd[name].astype(np.float64) - real.hand[name])


def _typical_or_decided(check: Check, amount: str, precision: str, is_typical: bool, exact_passed: bool) -> Check:
    if is_typical:
        return with_detail(check, f"typical rounding: {amount}")
    if exact_passed:
        return with_detail(check, f"{amount}: {precision}'s worst case, decided by the exact probe")
    return replace(check, verdict=Verdict.INCONCLUSIVE, detail=f"{amount}: not decidable in {precision}")


# Of the precisions whose worst case is far from what happens, so that the exact probe decides what is not typical.
_WORST_CASES: Mapping[str, Callable[[RealData, Check, GradientName, bool], Check]] = {
    "float32": _of_float32,
    "tf32": _of_tf32,
}


def numeric_check(
    numeric: NumericResult, case: Case, actual: Array | None, judged: Judged, gauge: Array
) -> list[Check]:
    """Every kernel entry against finite differences of the true loss.

    Args:
        numeric: the finite differences with their bound.
        case: the picture, float64, with the G of the same float64 loss.
        actual: grad_weight of the code under test on this case.
        judged: the code under test.
        gauge: A of every entry of this case.
    """
    criterion = f"on the pictures: |difference| <= kinks + rounding of central differences, step {numeric.step:.2g}"
    subject = Subject("numeric", "weight", criterion)
    entries = int(numeric.grad_weight.size)
    share = float(np.max(np.divide(numeric.bound, gauge, out=np.zeros_like(gauge), where=gauge > 0)))
    if not np.isfinite(share):
        return [undecided(subject, "something overflowed in the finite differences", entries)]
    if share > LARGEST_NUMERIC_BOUND:
        reason = f"the bound is {share:.1g} of A, more than {LARGEST_NUMERIC_BOUND:.0e}: kinks of the loss are too near"
        return [undecided(subject, reason, entries)]
    check = compare_within(subject, numeric.grad_weight, actual, allowed_numeric(numeric, case, judged, gauge))
    if check.verdict is Verdict.PASS:
        kinks = counted(numeric.kinks, "output")
        return [with_detail(check, f"all {counted(entries, 'entry')}, bound {share:.1g} of A, {kinks} at a kink")]
    return [check, _numeric_referee(numeric, case, actual, judged)]


def allowed_numeric(numeric: NumericResult, case: Case, judged: Judged, gauge: Array) -> Array:
    """What finite differences and the code under test may differ by, entry by entry."""
    allowed: Array = numeric.bound + rounding.allowed_float64(case.spec.terms, gauge) / 2 + judged.slack(case, "weight")
    return allowed


def _numeric_referee(numeric: NumericResult, case: Case, actual: Array | None, judged: Judged) -> Check:
    truth = truth_of(case, "weight").astype(np.float64)
    bound = rounding.allowed_float64(case.spec.terms, gauge_of(case, "weight"))
    wrong = {
        judged.name: mismatches(truth, actual, bound + judged.slack(case, "weight")),
        "numeric": mismatches(truth, numeric.grad_weight, bound + numeric.bound),
    }
    return named_guilty("weight", wrong, truth.size)


# What O = conv(X, F) + b, which is linear in each of the three, gives for any F', X' and b'.
_EQUATIONS: Mapping[GradientName, str] = {
    "weight": "<conv(X,F'), G> = <F', dE/dF>",
    "input": "<conv(X',F), G> = <X', dE/dX>",
    "bias": "<b', sum of G> = <b', dE/db>",
}


def adjoint_checks(
    case: Case, gradients: Gradients, judged: Judged, rng: np.random.Generator, pool: Executor | None = None
) -> list[Check]:
    """The equation of each gradient on wide integers: a float32 hidden in float64 code shows."""
    subjects = {name: Subject("adjoint", name, f"{rule}, exact on wide integers") for name, rule in _EQUATIONS.items()}
    if not judged.is_exact:
        why = f"not exact on integers: {judged.slack.cause}"
        return [not_applicable(subject, why) for subject in subjects.values()]
    fitting = of_right_shape(gradients, case.spec)
    result = adjoint.adjoint_mismatch(case, fitting, rng, pool)
    held = {each.gradient: each for each in result.identities}
    # Of all that pass one row is shown, whose sentence holds for each of them.
    missed = f"one wrong entry would be missed with probability {result.miss_probability:.1g}"
    return [_adjoint_check(subject, held.get(name), fitting.get(name), missed) for name, subject in subjects.items()]


def _adjoint_check(subject: Subject, held: adjoint.Identity | None, gradient: Array | None, missed: str) -> Check:
    if held is None or gradient is None:
        return not_applicable(subject, f"no grad_{subject.gradient} of the right shape")
    if held.equal and held.miss_probability == 1:
        return not_applicable(subject, "the numbers leave no room for a random factor")
    detail = missed if held.equal else f"the identity does not hold for grad_{held.gradient}"
    verdict, entries = Verdict.PASS if held.equal else Verdict.FAIL, int(gradient.size)
    return Check("adjoint", held.gradient, verdict, entries, int(not held.equal), subject.criterion, detail=detail)


def repeat_check(gradient: str, name: str, first: Array | None, second: Array | None, allowed: Array) -> Check:
    """One side twice on the same data; its own noise is told before anything is compared.

    Args:
        gradient: which gradient.
        name: which side.
        first: one result.
        second: the other.
        allowed: what rounding in another order may change; more than that is not noise.
    """
    subject = Subject("repeat", gradient, f"{name} twice on the same data: equal, or within rounding and told")
    if first is None:
        return not_applicable(subject, f"{name} returned nothing")
    if second is not None and np.array_equal(first, second, equal_nan=True):
        same = compare_exact(subject, first, first)
        return replace(same, verdict=Verdict.PASS, mismatched=0, detail=f"{name} gives the same bits twice")
    check = compare_exact(subject, first, second)
    size = check.worst.difference if check.worst else float("nan")
    noise = f"{name} differs from itself by up to {size:.3g} in {counted(check.mismatched, 'entry')}"
    return with_detail(compare_within(subject, first, second, allowed), noise)
