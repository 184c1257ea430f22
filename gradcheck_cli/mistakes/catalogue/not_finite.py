"""not-finite: NaN or infinity in the gradient."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Behaviour, Observation, Sign
from gradcheck_cli.mistakes.wording import describe
from gradcheck_cli.model import GradientName


def _not_finite(seen: Observation, gradient: GradientName) -> str:
    actual = seen.actual.get(gradient)
    if actual is None or np.isfinite(actual).all():
        return ""
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(actual))[0])
    count = int((~np.isfinite(actual)).sum())
    more = f", the first of {count} such entries" if count > 1 else ""
    return f"grad_{gradient}{list(index)} is {actual[index]}{more} ({describe(seen.case.spec)})."


MISTAKE = Mistake(
    id="not-finite",
    order=560,
    title="returns NaN or infinity",
    why=(
        "A division by zero (a mean over nothing), memory from `np.empty` that was never filled, or float16 sums above "
        "65504. Finite inputs have finite gradients: they are sums of products."
    ),
    hides_when="the size that becomes zero is not reached",
    fix="Start from zeros, and look at each division for a divisor that can be zero.",
    shown_by="gradcheck run --backward FILE.py:NAME",
    behaviour=Behaviour(_not_finite, from_memory=True),
    sign=Sign.NOT_FINITE,
)
