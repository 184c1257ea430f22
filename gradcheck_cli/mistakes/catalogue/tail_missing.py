"""tail-missing: a length that is no multiple of the block."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="tail-missing",
    order=830,
    title="leaves out the rest behind the last whole block",
    why=(
        "A loop over blocks of a fixed size ends with the last whole one, or a mask cuts what is behind it. "
        "The entries of the rest get no gradient, or are missing in a sum."
    ),
    hides_when="the length is a multiple of the block",
    fix="Round the number of blocks up, and mask what is past the end.",
    shown_by="gradcheck verify",
    sign=Sign.TAIL,
)
