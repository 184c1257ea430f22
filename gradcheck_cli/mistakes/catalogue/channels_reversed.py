"""channels-reversed: the channels in the opposite order, as between BGR and RGB."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake, of_convolutions
from gradcheck_cli.mistakes.pieces import each, rearranged
from gradcheck_cli.mistakes.source import turns

MISTAKE = Mistake(
    id="channels-reversed",
    order=190,
    title="has the input channels in the opposite order",
    written_for=of_convolutions,
    formulas=each(lambda gradient: rearranged(gradient, lambda right: right[:, ::-1]), "weight", "input"),
    in_any_form=True,
    why=(
        "OpenCV gives blue, green, red and other libraries red, green, blue: forward and backward read the picture in "
        "different orders. `[..., ::-1]` on the wrong axis does the same."
    ),
    hides_when="there is one channel, or the channels are equal (a gray picture)",
    fix="Use one order of channels in both passes, and turn rows and columns only where that is meant.",
    shown_by="a colour picture, with --in 3",
    numbers="{channels}",
    line=turns,
)
