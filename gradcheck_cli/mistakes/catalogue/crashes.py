"""crashes: the backward raises, or brings its process down."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake

MISTAKE = Mistake(
    id="crashes",
    title="stops with an error",
    why=(
        "Sizes that were right for one layer: an index past the end, arrays that do not broadcast, an axis squeezed "
        "away when there is one filter or one channel."
    ),
    hides_when="the sizes are those that the code was written for",
    fix="Take every size from the arrays themselves (`X.shape`, `F.shape`, `G.shape`), not from constants.",
    shown_by="gradcheck verify, which tries many sizes",
)
