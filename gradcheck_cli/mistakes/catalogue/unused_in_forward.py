"""unused-in-forward: a gradient for an argument of which the forward makes no use."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="unused-in-forward",
    order=785,
    title="gives a gradient for an argument that the forward does not use",
    why=(
        "What the output does not depend on has the gradient 0. A bias that is handed over and never added, or added "
        "to a copy, is trained by its gradient and changes nothing."
    ),
    hides_when="the forward uses the argument",
    fix="Use the argument in the forward, as the backward does, or return zeros for it.",
    shown_by="gradcheck verify",
    sign=Sign.UNUSED,
)
