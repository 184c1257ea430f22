"""accumulates-between-calls: the second call adds to the first."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.pieces import each, rearranged
from gradcheck_cli.model import GRADIENTS, Array


def _second_call(right: Array) -> Array:
    return right + right


MISTAKE = Mistake(
    id="accumulates-between-calls",
    title="adds to the gradient of the call before",
    formulas=each(lambda gradient: rearranged(gradient, _second_call), *GRADIENTS),
    why=(
        "`self.dW += ...` without a reset, or a default argument `dW=np.zeros(...)` that is made once and shared by "
        "all calls. The first call is right; the second gives exactly twice the gradient."
    ),
    hides_when="the function is called once",
    fix="Start each call from fresh zeros.",
    shown_by="gradcheck run --backward FILE.py:NAME, which calls it twice",
)
