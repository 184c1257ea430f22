"""crashes: the backward raises, or brings its process down."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="crashes",
    order=590,
    title="stops with an error",
    why=(
        "A name that is not defined on that way through the code, something that the installed version no longer has, "
        "or sizes that were right for one layer: an index past the end, arrays that do not broadcast, an axis squeezed "
        "away when there is one filter or one channel."
    ),
    hides_when="the sizes are those that the code was written for",
    fix="Go by the exception: it names what is missing. Where two sizes do not fit, take both from the arrays.",
    shown_by="gradcheck verify, which tries many sizes",
    sign=Sign.RAISED,
)
