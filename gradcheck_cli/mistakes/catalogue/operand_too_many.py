"""operand-too-many: a factor or a term that the derivative does not have."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="operand-too-many",
    order=737,
    title="multiplies by a factor, or adds a term, that the derivative does not have",
    why=(
        "A line is copied for the next argument, and a factor stays that was the derivative along the first: of "
        "(x^2 + y)^2 the slope along y is 2 (x^2 + y), and not 2 x (x^2 + y)."
    ),
    hides_when="the factor is 1, or the term is 0",
    fix="Leave it out.",
    shown_by="gradcheck verify",
    sign=Sign.SURPLUS,
)
