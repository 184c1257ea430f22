"""An answer is judged: what it says of each gradient, a pure function of the answer and the truth beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gradcheck_cli.checks.compare import within
from gradcheck_cli.diagnose import Observation
from gradcheck_cli.layers import conv
from gradcheck_cli.model import (
    GRADIENTS,
    Array,
    Case,
    Counterexample,
    GeometryResult,
    GradientName,
    Gradients,
    Verdict,
)
from gradcheck_cli.numbers import exact
from gradcheck_cli.numbers.arithmetic import Slack, fft_slack, no_slack
from gradcheck_cli.numbers.rounding import allowed_low
from gradcheck_cli.targets import Outcome
from gradcheck_cli.trials.answer import Answer
from gradcheck_cli.trials.truth import Truth


@dataclass(frozen=True)
class Trial:
    """An answer beside the truth; every word on it follows from these alone.

    `yields` are the gradients that the convention gives; `slack` is that of the target's arithmetic.
    """

    answer: Answer
    truth: Truth
    yields: tuple[GradientName, ...]
    slack: Slack

    @property
    def case(self) -> Case:
        """The numbers that were asked about."""
        return self.answer.case

    @property
    def outcome(self) -> Outcome:
        """What the target did."""
        return self.answer.outcome

    @property
    def supported(self) -> bool:
        """See `Answer.supported`."""
        return self.answer.supported

    @property
    def compared(self) -> bool:
        """Were its gradients held against the truth?"""
        return self.answer.is_comparable

    @property
    def ended(self) -> bool:
        """Did the call return?"""
        return self.answer.ended

    @property
    def right(self) -> bool:
        """Is every gradient that it gives right?"""
        return bool(self.yields) and all(self.verdict(name) is Verdict.PASS for name in self.yields)

    @property
    def failed(self) -> bool:
        """Is a gradient that it gives wrong, is its own forward, or did it not run?"""
        wrong = any(self.verdict(name) in (Verdict.FAIL, Verdict.ERROR) for name in self.yields)
        return wrong or bool(self.outcome.wrong_forward)

    def verdict(self, gradient: GradientName) -> Verdict:
        """PASS only when every entry was compared and holds."""
        return self._verdicts[gradient]

    @cached_property
    def _verdicts(self) -> Mapping[GradientName, Verdict]:
        """Of each gradient: all who look at an answer ask."""
        return {name: self._judged(name) for name in GRADIENTS}

    def _judged(self, gradient: GradientName) -> Verdict:
        if not self.compared:
            return Verdict.NOT_APPLICABLE
        if not self.ended:
            return Verdict.ERROR
        if gradient not in self.yields:
            return Verdict.MISSING
        actual, expected = self.outcome.gradients.get(gradient), self.truth.gradients.get(gradient)
        assert expected is not None
        if actual is None or actual.shape != expected.shape:
            return Verdict.FAIL
        return self._compared(gradient, expected, actual)

    def _compared(self, gradient: GradientName, expected: Array, actual: Array) -> Verdict:
        if np.array_equal(expected, actual):
            return Verdict.PASS
        if self._within(self.slack, gradient, expected, actual) or self.rounds_to_float32(gradient):
            return Verdict.PASS
        return Verdict.INCONCLUSIVE if self._within(fft_slack, gradient, expected, actual) else Verdict.FAIL

    @property
    def declares_float32(self) -> bool:
        """Does it say that it computes in float32? Then its forward gives that, or every gradient is of that dtype."""
        beside = self.outcome.beside
        if beside is not None and beside.in_float32:
            return True
        return bool(self.yields) and all(self.outcome.dtypes.get(name) == "float32" for name in self.yields)

    def rounds_to_float32(self, gradient: GradientName) -> bool:
        """Is a declared float32 off by its rounding only? Where the sums fit its 24 bits, nothing is rounded.

        X, F and G are rounded to float32 once, as are the products and each sum: (n + 2) u A bounds all of it.
        """
        actual, expected = self.outcome.gradients.get(gradient), self.truth.gradients.get(gradient)
        if not self.declares_float32 or actual is None or expected is None or np.array_equal(actual, expected):
            return False
        if actual.shape != expected.shape or exact.certificate(exact.as_integers(self.case)).exact_in_float32:
            return False
        gauge = _gauge(self.case).get(gradient)
        assert gauge is not None
        allowed = allowed_low("float32", self.case.spec.terms_of(gradient), gauge, expected)
        return bool(within(expected, actual, allowed).all())

    def _within(self, slack: Slack, gradient: GradientName, expected: Array, actual: Array) -> bool:
        return bool(within(expected, actual, np.full(expected.shape, slack(self.case, gradient))).all())

    def result(self) -> GeometryResult:
        """For the report."""
        return GeometryResult(
            spec=self.case.spec,
            supported=self.supported,
            gradients={name: self.verdict(name) for name in GRADIENTS},
            message=self.outcome.error,
        )

    def as_counterexample(self, gradient: GradientName) -> Counterexample:
        """The geometry as it is, for a gradient that has a truth; nothing was made smaller."""
        case, expected = self.case, self.truth.gradients.get(gradient)
        assert expected is not None
        actual = self.outcome.gradients.get(gradient)
        return Counterexample(
            gradient,
            case.spec,
            case.x,
            case.weight,
            case.grad_output,
            expected,
            actual,
            bias=case.bias,
            is_smallest=False,
        )

    def observation(self) -> Observation:
        """For the diagnosis."""
        seen = self.answer.observation()
        second = None if seen.second is None else self._snapped(seen.second)
        return replace(seen, actual=self._snapped(seen.actual), second=second)

    def _snapped(self, gradients: Gradients) -> Gradients:
        """For inexact arithmetic: numbers that are right or whole but for its rounding are made so for the formulas."""
        if self.slack is no_slack:
            return gradients
        return Gradients(**{name: self._without_rounding(name, gradients.get(name)) for name in GRADIENTS})

    def _without_rounding(self, name: GradientName, actual: Array | None) -> Array | None:
        if actual is None:
            return None
        right, slack = self.truth.gradients.get(name), self.slack(self.case, name)
        nearest = np.rint(actual)
        whole = np.where(np.abs(actual - nearest) <= slack, nearest, actual)
        if right is None or actual.shape != right.shape:
            return whole
        return np.where(within(right, actual, np.full(right.shape, slack)), right, whole)


def _gauge(case: Case) -> Gradients:
    """A, the sums of the absolute values: the gradients of the case without signs."""
    return conv.backward(replace(case, x=abs(case.x), weight=abs(case.weight), grad_output=abs(case.grad_output)))
