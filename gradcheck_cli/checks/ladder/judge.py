"""A gradient of a function on one sample and one G: which rung says what. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.checks.ladder.bounded import GAP, UNIT, Bounded, allowed, bounded
from gradcheck_cli.model import Array, Verdict
from gradcheck_cli.oracles.blackbox import Direction, Jacobian

EntryPlace = tuple[int, ...]
# Of the entries: so many near a kink leave a pass what it is, as other samples have theirs elsewhere.
FEW = 0.1
# A truth by differences of a forward that rounds as float32 does is off by more than the rounding itself: by the step,
# by the two values of a difference and the safety of its estimate. So many times the rounding is still known well
# enough to be compared with; what it hides is told. Near a kink it is a thousand times and more.
DIFFERENCED = 8.0


@dataclass(frozen=True, eq=False)
class JudgedGradient:
    """One comparison.

    Attributes:
        expected: the right gradient, `actual` what came back; None where nothing did.
        result: how they stand to each other.
        is_exact: rung 2: bit for bit.
        equal: bit for bit the same.
        sources: where the truth is from.
        unsettled: entries of which the truth is not known: near a kink, or where its two sources do not agree.
        hidden: what share of the terms of an entry it may be off by without being seen, as its truth is not known
            better; 0 where that is below float32's rounding.
        is_either: the second source cannot tell it from the right one, which it is not by the first.
    """

    expected: Array
    actual: Array | None
    result: Bounded
    is_exact: bool
    equal: bool
    sources: str
    unsettled: int = 0
    hidden: float = 0.0
    is_either: bool = False

    @property
    def verdict(self) -> Verdict:
        """Of the comparison."""
        if self.actual is None:
            return Verdict.MISSING
        if self.equal and self.is_exact:
            return Verdict.PASS
        if self.result.verdict is Verdict.PASS and self.unsettled > FEW * self.expected.size:
            return Verdict.INCONCLUSIVE
        return self.result.verdict


def judged_exactly(
    actual: Array | None, truth: Jacobian, upstream: Sequence[Array], shape: EntryPlace
) -> JudgedGradient:
    """Rung 2: the forward is straight along each entry, so the right gradient is known bit for bit.

    A difference within what rounding may do (a mean that is multiplied by 1/n) proves nothing.
    """
    expected, radius, gauge = truth.gradient(upstream, shape)
    if actual is None or actual.shape != shape:
        return JudgedGradient(expected, actual, Bounded(Verdict.INCONCLUSIVE, 0), True, False, truth.source)
    result = bounded(actual, expected, radius, gauge, max(truth.values.shape))
    return JudgedGradient(expected, actual, result, True, bool(np.array_equal(actual, expected)), truth.source)


def judged_closely(
    actual: Array | None, truth: Jacobian, second: Direction, upstream: Sequence[Array], shape: EntryPlace
) -> JudgedGradient:
    """Rung 3: within the bound of the truth, where a second source that shares no arithmetic with it confirms it."""
    expected, radius, gauge = truth.gradient(upstream, shape)
    terms = max(truth.values.shape)
    sources = f"{truth.source}, confirmed by differences along a direction"
    if actual is None or actual.shape != shape:
        return JudgedGradient(expected, actual, Bounded(Verdict.INCONCLUSIVE, 0), False, False, sources)
    result = bounded(actual, expected, radius, gauge, terms)
    rounding = allowed(gauge, terms) * GAP
    # What the truth itself does not know to some of float32's rounding decides nothing.
    settled = radius <= rounding * DIFFERENCED
    unsettled, hidden = int((~settled).sum()), _hidden(radius[settled], rounding[settled], terms)
    # Many kinks, each of which changes a slope by little, look smooth to differences entry by entry: what the second
    # source cannot tell from the gradient that is judged is not proved to be wrong.
    is_far = result.verdict is Verdict.FAIL and bool(np.isfinite(actual).all())
    is_either = is_far and second.confirms(actual, np.zeros_like(radius), upstream)
    if is_either or not second.confirms(expected, radius, upstream):
        unsettled, result = expected.size, Bounded(Verdict.INCONCLUSIVE, actual.size, ratio=result.ratio)
    equal = bool(np.array_equal(actual, expected))
    return JudgedGradient(expected, actual, result, False, equal, sources, unsettled, hidden, is_either)


def _hidden(radius: Array, rounding: Array, terms: int) -> float:
    """The largest radius as a share of the terms, where it is above what a single rounding of float32 does."""
    share = np.divide(radius, rounding, out=np.zeros_like(radius), where=rounding > 0).max(initial=0.0)
    of_terms = float(share) * allowed(np.ones(1), terms)[0] * GAP
    return of_terms if of_terms > UNIT * GAP else 0.0


def depends(jacobians: Mapping[str, Jacobian], name: str) -> bool:
    """Does the forward depend on an argument?"""
    return name in jacobians and bool(np.any(np.abs(jacobians[name].values) > jacobians[name].error))
