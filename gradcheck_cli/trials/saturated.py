"""Gradients near 0 where a forward saturates: of 1 - p, where p is almost 1, the last digits of p are all that is left.

A right backward gives there what it can. How many digits that are it shows itself: where its arguments move a little,
to and fro, a smooth gradient has its mean where it was, and this one is off that by its last digit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Array, Verdict
from gradcheck_cli.trials.compared import Compared, FunctionComparison
from gradcheck_cli.trials.functions import FunctionSession

# Of what flows back: where the gradient is larger, no difference has lost so many digits that a failure could be
# rounding, which is one of 2^-16 of the gradient and more.
SATURATED = 2.0**-20
# Relative: of a chance of 1 - 1e-13 the last digits move, and a smooth gradient bends by the square of it.
MOVED = 2.0**-14
CALLS = 4
# Of a handful of draws the largest is below what rounding may do at most.
MARGIN = 32.0


def without_rounding(session: FunctionSession, comparison: FunctionComparison) -> FunctionComparison:
    """What is compared, without the wrong gradients near 0 that are off by no more than their own last digits."""
    left = tuple(each for each in comparison.compared if not _is_rounding(session, each))
    return replace(comparison, compared=left)


def _is_rounding(session: FunctionSession, each: Compared) -> bool:
    actual, expected = each.judged.actual, each.judged.expected
    if each.judged.verdict is not Verdict.FAIL or actual is None or actual.shape != expected.shape:
        return False
    upstream = max((float(np.abs(grad).max(initial=0.0)) for grad in each.asking.upstream), default=0.0)
    size = np.abs(each.trial.sample.array(each.name)).max(initial=0.0)
    if not np.abs(expected).max(initial=0.0) * size < SATURATED * upstream:
        return False
    off = np.abs(actual - expected).max(initial=0.0)
    return bool(off <= MARGIN * _unsteady(session, each, actual))


def _unsteady(session: FunctionSession, each: Compared, actual: Array) -> float:
    """How far the mean of two gradients on both sides is from the one between; 0 where they do not come back."""
    largest = 0.0
    for number in range(CALLS):
        sides = [_nearby(session, each, step, number) for step in (MOVED, -MOVED)]
        known = [side for side in sides if side is not None and side.shape == actual.shape]
        if len(known) < len(sides) or not np.isfinite(known).all():
            return 0.0
        largest = max(largest, float(np.abs(np.mean(known, axis=0) - actual).max(initial=0.0)))
    return largest


def _nearby(session: FunctionSession, each: Compared, step: float, number: int) -> Array | None:
    sample = each.trial.sample
    generator = np.random.default_rng([sample.seed, 7, number])
    for name in sample.differentiated:
        array = sample.array(name)
        sample = sample.replacing(name, array * (1 + step * generator.choice([-1.0, 1.0], array.shape)))
    return session.client.gradients(sample, each.asking.upstream).gradients.get(each.name)
