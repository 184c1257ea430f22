"""needs-input-grad-wrong: a gradient that changes when another is not asked for."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="needs-input-grad-wrong",
    order=890,
    title="gives another gradient when an argument needs none",
    why=(
        "ctx.needs_input_grad says which gradients are asked for. Skipping the others saves time; it must not "
        "change the place or the value of those that are."
    ),
    hides_when="every argument needs its gradient",
    fix="Compute each gradient by itself, and return None at the places that need none.",
    shown_by="gradcheck verify",
    sign=Sign.NEEDS,
)
