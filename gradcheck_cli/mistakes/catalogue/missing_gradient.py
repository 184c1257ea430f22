"""missing-gradient: None or zeros where a gradient is owed."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="missing-gradient",
    order=780,
    title="gives no gradient for an argument that the output depends on",
    why=(
        "None or zeros for an argument are a statement: that it has no influence. autograd believes it, and "
        "the argument is never trained."
    ),
    hides_when="nobody asks for that gradient",
    fix="Return the derivative by that argument, at its place.",
    shown_by="gradcheck verify",
    sign=Sign.ABSENT,
)
