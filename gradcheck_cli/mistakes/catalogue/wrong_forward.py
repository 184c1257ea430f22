"""wrong-forward: the target's own forward takes a geometry and computes something else there."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="wrong-forward",
    order=580,
    title="computes something else in its own forward than the geometry asks for",
    why=(
        "The constructor takes a stride, a padding, a dilation or groups, and the forward never reads it, or reads it "
        "in one of two places. A backward that is the right one of such a forward is wrong for the layer's name."
    ),
    hides_when="the option that is ignored has its default",
    fix=(
        "Use the option in the forward and in the backward: window (p, q) begins at row stride*p and column stride*q "
        "of the padded X; or take it out of the constructor."
    ),
    shown_by="gradcheck verify, which tries many strides and paddings",
    sign=Sign.OTHER_FORWARD,
)
