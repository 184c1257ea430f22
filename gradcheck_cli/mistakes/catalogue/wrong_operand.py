"""wrong-operand: an array that is taken for another."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="wrong-operand",
    order=730,
    title="uses another array of the same shape than the derivative needs",
    why=(
        "What the forward keeps for the backward has the same shape as much else: the input and the output of "
        "an activation, x and the normalised x. The code runs with either."
    ),
    hides_when="the two arrays hold the same numbers",
    fix="Keep the array that the derivative is in terms of, and use that one.",
    shown_by="gradcheck verify",
    sign=Sign.OPERAND,
)
