"""One target on one integer case: what it returned beside the truth, and what that says of each gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.arithmetic import fft_slack
from gradcheck_cli.compare import within
from gradcheck_cli.diagnose import Observation
from gradcheck_cli.model import (
    GRADIENTS,
    Arithmetic,
    Array,
    Case,
    GeometryResult,
    GradientName,
    Gradients,
    Verdict,
)
from gradcheck_cli.targets import Outcome
from gradcheck_cli.verification.truth import Truth

CANNOT_RUN = ("raised", "timeout", "crashed", "memory", "exited")


@dataclass(frozen=True)
class Trial:
    """One call. `yields` are the gradients that the convention gives; `arithmetic` is what the user declared."""

    case: Case
    outcome: Outcome
    truth: Truth
    yields: tuple[GradientName, ...]
    arithmetic: Arithmetic

    @property
    def supported(self) -> bool:
        """Did the target take this geometry? Only then was anything compared."""
        return self.outcome.supported

    @property
    def right(self) -> bool:
        """Is every gradient that it gives right?"""
        return bool(self.yields) and all(self.verdict(name) is Verdict.PASS for name in self.yields)

    @property
    def failed(self) -> bool:
        """Is a gradient that it gives wrong, or did it not run?"""
        return any(self.verdict(name) in (Verdict.FAIL, Verdict.ERROR) for name in self.yields)

    def verdict(self, gradient: GradientName) -> Verdict:
        """PASS only when every entry was compared and holds."""
        if not self.supported:
            return Verdict.NOT_APPLICABLE
        if self.outcome.error_kind in CANNOT_RUN:
            return Verdict.ERROR
        if gradient not in self.yields:
            return Verdict.MISSING
        actual, expected = self.outcome.gradients.named(gradient), self.truth.gradients.named(gradient)
        assert expected is not None
        if actual is None or actual.shape != expected.shape:
            return Verdict.FAIL
        return self._compared(gradient, expected, actual)

    def _compared(self, gradient: GradientName, expected: Array, actual: Array) -> Verdict:
        if np.array_equal(expected, actual):
            return Verdict.PASS
        slack = np.full(expected.shape, fft_slack(self.case, gradient))
        if not within(expected, actual, slack).all():
            return Verdict.FAIL
        return Verdict.PASS if self.arithmetic == "fft" else Verdict.INCONCLUSIVE

    def result(self) -> GeometryResult:
        """For the report."""
        return GeometryResult(
            spec=self.case.spec,
            supported=self.supported,
            weight=self.verdict("weight"),
            input=self.verdict("input"),
            bias=self.verdict("bias"),
            message=self.outcome.error,
        )

    def observation(self) -> Observation:
        """For the diagnosis."""
        seen = observation_of(self.case, self.outcome)
        second = None if seen.second is None else self._snapped(seen.second)
        return replace(seen, actual=self._snapped(seen.actual), second=second)

    def _snapped(self, gradients: Gradients) -> Gradients:
        """For FFT arithmetic: numbers that are whole but for its rounding are made whole, so that formulas can meet."""
        if self.arithmetic != "fft":
            return gradients
        snapped = {name: self._whole(gradients.named(name), fft_slack(self.case, name)) for name in GRADIENTS}
        return Gradients(**snapped)

    @staticmethod
    def _whole(actual: Array | None, slack: float) -> Array | None:
        if actual is None:
            return None
        whole = np.rint(actual)
        return np.where(np.abs(actual - whole) <= slack, whole, actual)


def observation_of(case: Case, outcome: Outcome) -> Observation:
    """What the target did on a case, in the words of the diagnosis."""
    return Observation(
        case=case,
        actual=outcome.gradients,
        second=outcome.second,
        error=outcome.error if outcome.error_kind in CANNOT_RUN else "",
        error_line=outcome.error_line,
        timed_out=outcome.error_kind == "timeout",
        seconds=outcome.seconds,
        mutated=outcome.mutated,
        dtypes=outcome.dtypes,
    )
