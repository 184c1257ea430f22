"""surrogate: a forward that is constant or the identity almost everywhere."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="surrogate",
    order=920,
    title="has a backward that is meant to differ from the derivative of its forward",
    why=(
        "A rounding has the derivative 0 almost everywhere, and straight-through code hands G on; a gradient "
        "reversal is the identity with another sign. It is on purpose, and no derivative."
    ),
    hides_when="it never does",
    fix="Nothing, where it is meant.",
    shown_by="gradcheck verify",
    sign=Sign.SURROGATE,
)
