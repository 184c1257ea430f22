"""bias-totalled: one total for every filter."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem
from gradcheck_cli.model import Array


def _one_total(problem: Problem) -> Array:
    return np.full_like(problem.grad_bias, problem.grad_bias.sum())


MISTAKE = Mistake(
    id="bias-totalled",
    title="gives every filter the same bias gradient, the sum over all filters",
    formulas={"bias": _one_total},
    why=(
        "`G.sum()` without an axis adds the filters together, and broadcasting hides that one number is left. Each "
        "filter has its own bias and its own sum."
    ),
    hides_when="there is one filter",
    fix="Sum over images, rows and columns only, and keep the axis of the filters.",
    shown_by="--out 2 or more, with --bias",
    numbers="{K} filters",
)
