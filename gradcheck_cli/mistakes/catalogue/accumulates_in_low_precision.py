"""accumulates-in-low-precision: errors that grow with the number of terms."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="accumulates-in-low-precision",
    order=900,
    title="adds up in half precision",
    why=("bfloat16 has 8 bits: a sum of ones stops at 256. Kernels add up in float32 and round once, at the end."),
    hides_when="few terms are added up",
    fix="Add up in float32 and round the result.",
    shown_by="gradcheck verify",
    sign=Sign.LOW_PRECISION,
)
