"""bias-missing: no bias gradient at all, or zeros."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem
from gradcheck_cli.mistakes.shown import Behaviour, Observation
from gradcheck_cli.model import Array, GradientName


def _left_at_zero(problem: Problem) -> Array:
    return np.zeros_like(problem.grad_bias)


def _missing(seen: Observation, gradient: GradientName) -> str:
    if gradient != "bias" or seen.error or seen.actual.bias is not None:
        return ""
    return "grad_bias is not returned."


MISTAKE = Mistake(
    id="bias-missing",
    order=70,
    title="does not compute the bias gradient",
    formulas={"bias": _left_at_zero},
    why="The array is created and never filled, or the bias was forgotten. The bias then never learns.",
    hides_when="G sums to zero for every filter",
    fix="Add dE/db = G.sum over images, rows and columns.",
    shown_by="any picture, with --bias",
    behaviour=Behaviour(_missing, in_every_call=True),
)
