"""reduction-missing: a gradient in the shape of the output."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="reduction-missing",
    order=760,
    title="hands back a gradient that is not added up to the shape of its argument",
    why=(
        "Where the forward spreads an argument over rows (a bias, a scale), its gradient is the sum over "
        "them. autograd adds up by itself in some cases and raises in others; called by hand, the gradient "
        "has the wrong shape."
    ),
    hides_when="the argument is not spread",
    fix="Add up over the axes along which the argument was spread.",
    shown_by="gradcheck verify",
    sign=Sign.UNREDUCED,
)
