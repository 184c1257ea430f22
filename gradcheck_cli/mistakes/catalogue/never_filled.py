"""never-filled: the gradient is zeros everywhere, as it was made."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem, of_every_form
from gradcheck_cli.model import Array


def _weight(problem: Problem) -> Array:
    return np.zeros(problem.spec.weight_shape)


def _input(problem: Problem) -> Array:
    return np.zeros(problem.spec.x_shape)


MISTAKE = Mistake(
    id="never-filled",
    order=100,
    title="returns zeros everywhere, as the array was made",
    written_for=of_every_form,
    formulas={"weight": _weight, "input": _input},
    why=(
        "The array is made with `np.zeros_like` and nothing is added into it: the loop is not written yet, runs over "
        "nothing, or adds into another array."
    ),
    hides_when="the right gradient is zero",
    fix="Add the terms: for every output, G times the window of X into dE/dF, and G times F into the window of dE/dX.",
    shown_by="any picture",
)
