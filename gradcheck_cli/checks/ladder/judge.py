"""A gradient of a function on one sample and one G: which rung says what. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.checks.ladder.bounded import GAP, Bounded, allowed, bounded
from gradcheck_cli.model import Array, Verdict
from gradcheck_cli.oracles.blackbox import Jacobian

Place = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Judged:
    """One comparison.

    Attributes:
        expected: the right gradient, `actual` what came back; None where nothing did.
        result: how they stand to each other.
        is_exact: rung 2: bit for bit.
        equal: bit for bit the same.
        sources: where the truth is from.
        unsettled: entries on which the two sources do not agree, so that nothing is said of them.
    """

    expected: Array
    actual: Array | None
    result: Bounded
    is_exact: bool
    equal: bool
    sources: str
    unsettled: int = 0

    @property
    def verdict(self) -> Verdict:
        """Of the comparison."""
        if self.actual is None:
            return Verdict.MISSING
        if self.equal and self.is_exact:
            return Verdict.PASS
        if self.result.verdict is Verdict.PASS and self.unsettled:
            return Verdict.INCONCLUSIVE
        return self.result.verdict


def judged_exactly(actual: Array | None, slope: Array, upstream: Sequence[Array], shape: Place) -> Judged:
    """Rung 2: the forward is straight along each entry, so the right gradient is known bit for bit.

    A difference within what rounding may do (a mean that is multiplied by 1/n) proves nothing.
    """
    truth = Jacobian("whole differences of the forward", slope, np.zeros_like(slope))
    expected, radius, gauge = truth.gradient(upstream, shape)
    if actual is None or actual.shape != shape:
        return Judged(expected, actual, Bounded(Verdict.INCONCLUSIVE, 0), True, False, truth.source)
    result = bounded(actual, expected, radius, gauge, max(slope.shape))
    return Judged(expected, actual, result, True, bool(np.array_equal(actual, expected)), truth.source)


def judged_closely(
    actual: Array | None, first: Jacobian, second: Jacobian, upstream: Sequence[Array], shape: Place
) -> Judged:
    """Rung 3: within the bound of the first source, on the entries on which the second agrees with it."""
    expected, radius, gauge = first.gradient(upstream, shape)
    other, other_radius, _ = second.gradient(upstream, shape)
    terms = max(first.values.shape)
    agree = np.abs(expected - other) <= radius + other_radius + allowed(gauge, terms)
    sources = f"{first.source} and {second.source}"
    if actual is None or actual.shape != shape:
        return Judged(expected, actual, Bounded(Verdict.INCONCLUSIVE, 0), False, False, sources, int((~agree).sum()))
    # Where they disagree the truth lies between them at best: what both exclude is wrong all the same.
    wide = np.where(agree, radius, np.abs(expected - other) + radius + other_radius)
    unresolved = agree & (wide > allowed(gauge, terms) * GAP)
    result = bounded(actual, expected, wide, gauge, terms)
    unsettled = int((~agree | unresolved).sum())
    return Judged(expected, actual, result, False, bool(np.array_equal(actual, expected)), sources, unsettled)


def depends(jacobians: Mapping[str, Jacobian], name: str) -> bool:
    """Does the forward depend on an argument?"""
    return name in jacobians and bool(np.any(np.abs(jacobians[name].values) > jacobians[name].error))
