"""rounds-too-coarsely: a backward in fewer bits than its forward."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="rounds-too-coarsely",
    order=901,
    title="rounds to fewer bits than its forward",
    why=(
        "`.bfloat16()` or `.half()` in the backward of a forward that computes in more cuts every gradient to 8 or 11 "
        "bits: 2 or 3 decimals are left, and what cancels loses them all."
    ),
    hides_when="the forward rounds as coarsely, or the tests allow for one part in a hundred",
    fix="Compute in the dtype of the forward, and add up in float32 at least.",
    shown_by="gradcheck verify",
    sign=Sign.COARSE,
)
