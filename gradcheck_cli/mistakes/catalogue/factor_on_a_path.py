"""factor-on-a-path: one term of the chain rule has a factor too many or too few."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="factor-on-a-path",
    order=735,
    title="has a factor too many or too few in one term of the chain rule",
    why=(
        "Where an input reaches the output on several ways each of them has its own product of derivatives. A factor "
        "that all of them share is easily left out of one, or written twice."
    ),
    hides_when="the factor is 1",
    fix="Write the product of that way out, one factor for each operation on it.",
    shown_by="gradcheck verify",
    sign=Sign.FACTOR,
)
