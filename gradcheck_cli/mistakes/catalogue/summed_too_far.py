"""summed-too-far: a sum over too many axes."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="summed-too-far",
    order=750,
    title="adds up or averages over more axes than it should",
    why=(
        "A sum in a backward goes over the axes along which the forward spread a value, and over no others. "
        "`.sum()` without an axis gives one number for all."
    ),
    hides_when="the further axes have length 1",
    fix="Name the axis of the sum, and keep it where the result is spread again.",
    shown_by="gradcheck verify",
    sign=Sign.TOTALLED,
)
