"""derivative-missing: a factor of the chain rule that is forgotten."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="derivative-missing",
    order=710,
    title="leaves out the derivative of one operation and hands on what it is given",
    why=(
        "The chain rule multiplies by the derivative of every operation on the way. One that is passed "
        "unchanged, the weight of a product or the slope of an activation, is taken for the identity."
    ),
    hides_when="that derivative is 1 (weights that are still 1, inputs near 0)",
    fix="Multiply by the derivative of that operation.",
    shown_by="gradcheck verify",
    sign=Sign.OWN_DERIVATIVE,
)
