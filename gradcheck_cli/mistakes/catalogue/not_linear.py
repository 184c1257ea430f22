"""not-linear: B(2G) is not 2 B(G)."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="not-linear",
    order=800,
    title="does not give twice the gradient for twice the G",
    why=(
        "A derivative is linear in G whatever the forward is. Where it is not, G is ignored, clipped, "
        "compared or squared on the way."
    ),
    hides_when="G is the one that the code was tried with",
    fix="Multiply by G exactly once, and decide by the input, never by G.",
    shown_by="gradcheck verify",
    sign=Sign.NONLINEAR,
)
