"""strides-ignored: other numbers for the same G in another layout."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="strides-ignored",
    order=810,
    title="reads G or an input as if it lay row by row in memory",
    why=(
        "A kernel that is handed an address reads memory in the order in which it lies. A transposed, sliced "
        "or expanded array of the same numbers lies in another one; `.sum().backward()` hands over a G whose "
        "strides are 0."
    ),
    hides_when="all arrays are contiguous",
    fix="Call `.contiguous()` first, or hand the strides to the kernel.",
    shown_by="gradcheck verify",
    sign=Sign.STRIDES,
)
