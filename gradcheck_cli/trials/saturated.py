"""Gradients near 0 where a forward saturates: of 1 - p, where p is almost 1, the last digits of p are all that is left.

What such a difference is off by goes back through the same factors as any other: where the arguments are smaller, and
nothing is saturated, the gradient shows how large these are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gradcheck_cli.checks.ladder.bounded import allowed
from gradcheck_cli.model import Array, Verdict
from gradcheck_cli.trials.compared import Compared, FunctionComparison, judged_of
from gradcheck_cli.trials.functions import FunctionSession

# Of what flows back: where the gradient is larger, what a difference has lost is below the gap of a failure.
SATURATED = 2.0**-20
# A softmax of logits of 40 is one of logits of 2.5 at the last of these.
SMALLER = (2.0**-1, 2.0**-2, 2.0**-3, 2.0**-4)


def without_rounding(session: FunctionSession, comparison: FunctionComparison) -> FunctionComparison:
    """What is compared, without the wrong gradients near 0 that are off by what rounding does to unsaturated ones.

    What else is wrong is compared again with a truth that knows what the forward itself has rounded.
    """
    refined = (again for each in comparison.compared if (again := _refined(session, each)) is not None)
    left = tuple(each for each in refined if not _is_rounding(session, each))
    return replace(comparison, compared=left)


def _refined(session: FunctionSession, each: Compared) -> Compared | None:
    if each.judged.verdict is not Verdict.FAIL or each.judged.is_exact:
        return each
    session.refine(each.trial, each.name)
    judged = judged_of(each.trial, each.asking, each.name)
    return None if judged is None else replace(each, judged=judged)


def _is_rounding(session: FunctionSession, each: Compared) -> bool:
    actual, expected = each.judged.actual, each.judged.expected
    if each.judged.verdict is not Verdict.FAIL or actual is None or actual.shape != expected.shape:
        return False
    upstream = max((float(np.abs(grad).max(initial=0.0)) for grad in each.asking.upstream), default=0.0)
    size = np.abs(each.trial.sample.array(each.name)).max(initial=0.0)
    if not np.abs(expected).max(initial=0.0) * size < SATURATED * upstream:
        return False
    usual = max((float(np.abs(grad).max(initial=0.0)) for grad in _unsaturated(session, each)), default=0.0)
    rounding = allowed(np.full((), usual), sum(part.size for part in each.asking.upstream) + expected.size)
    return bool(np.abs(actual - expected).max(initial=0.0) <= rounding)


def _unsaturated(session: FunctionSession, each: Compared) -> Iterator[Array]:
    """The gradient where all arguments are smaller; of those that come back, what is finite."""
    for factor in SMALLER:
        sample = each.trial.sample
        for name in sample.differentiated:
            sample = sample.replacing(name, factor * sample.array(name))
        found = session.client.gradients(sample, each.asking.upstream).gradients.get(each.name)
        if found is not None and np.isfinite(found).all():
            yield found
