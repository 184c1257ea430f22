"""wrong-forward-mask: a triangle of the scores without gradient."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="wrong-forward-mask",
    order=850,
    title="masks in the backward what the forward did not mask, or the other way round",
    why=(
        "A causal kernel is written once, and an option switches the mask off in the forward only. The "
        "backward then is that of another function."
    ),
    hides_when="the option has the value that the kernel was written for",
    fix="Let the same condition decide in forward and backward.",
    shown_by="gradcheck verify",
    sign=Sign.MASK,
)
