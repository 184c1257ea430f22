"""accumulates-between-calls: the second call adds to the first."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, of_every_form
from gradcheck_cli.mistakes.pieces import each, rearranged
from gradcheck_cli.mistakes.shown import Behaviour, Observation, two_calls
from gradcheck_cli.model import GRADIENTS, Array, GradientName


def _second_call(right: Array) -> Array:
    return right + right


def _accumulates(seen: Observation, gradient: GradientName) -> str:
    pair = two_calls(seen, gradient)
    if pair is None or np.array_equal(*pair) or not np.array_equal(pair[1], pair[0] + pair[0]):
        return ""
    return f"The second call with the same arrays returns exactly twice the grad_{gradient} of the first."


MISTAKE = Mistake(
    id="accumulates-between-calls",
    order=270,
    title="adds to the gradient of the call before",
    written_for=of_every_form,
    formulas=each(lambda gradient: rearranged(gradient, _second_call), *GRADIENTS),
    why=(
        "`self.dW += ...` without a reset, or a default argument `dW=np.zeros(...)` that is made once and shared by "
        "all calls. The first call is right; the second gives exactly twice the gradient."
    ),
    hides_when="the function is called once",
    fix="Start each call from fresh zeros.",
    shown_by="gradcheck run --backward FILE.py:NAME, which calls it twice",
    structure=False,
    behaviour=Behaviour(_accumulates, fails=True, keeps=True),
)
