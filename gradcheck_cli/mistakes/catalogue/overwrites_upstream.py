"""overwrites-upstream: an array of the caller's that is changed."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="overwrites-upstream",
    order=820,
    title="writes into G or into an array that the forward kept",
    why=(
        "G belongs to whoever called, and may be handed to another backward as well. An in-place operation on "
        "it, or on a saved array, changes other gradients or those of the next call."
    ),
    hides_when="the array is used by nobody else",
    fix="Write into a new array.",
    shown_by="gradcheck verify",
    sign=Sign.OVERWRITES_UPSTREAM,
)
