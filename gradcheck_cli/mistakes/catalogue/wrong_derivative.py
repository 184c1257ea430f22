"""wrong-derivative: a remembered derivative that is another function's."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="wrong-derivative",
    order=720,
    title="uses a formula for the derivative of one operation that is not its derivative",
    why=(
        "Derivatives are remembered in a form, in terms of the input or of the output, and the forms are "
        "mixed up: 1 - y for 1 - y^2, the exponent that is not lowered, the sign of G in place of the sign of "
        "the input."
    ),
    hides_when="the two formulas agree on the data",
    fix="Write the derivative out, and decide whether it is in terms of the input or of the result.",
    shown_by="gradcheck verify",
    sign=Sign.WRONG_DERIVATIVE,
)
