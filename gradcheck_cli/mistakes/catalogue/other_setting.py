"""other-setting: a constant that differs between forward and backward."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="other-setting",
    order=860,
    title="differentiates an operation with another setting than the forward used",
    why=(
        "The backward repeats a constant of the forward: N or N - 1 in a variance, the slope of an "
        "activation, the exact or the approximate form. Where the two differ it is the derivative of a "
        "similar function."
    ),
    hides_when="the two settings agree on the data",
    fix="Hand the setting from the forward to the backward.",
    shown_by="gradcheck verify",
    sign=Sign.SETTING,
)
