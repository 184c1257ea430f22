"""ties-counted-twice: every one of several equal maxima is given the whole gradient."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="ties-counted-twice",
    order=935,
    title="gives every one of several equal entries the whole gradient",
    why=(
        "`mask = x == x.max()` is true for all maxima of a window. Each is handed the whole gradient, and together "
        "they get it several times. Behind a ReLU, and on pixels, equal entries are common."
    ),
    hides_when="no two entries are equal, as random numbers never are",
    fix="Give it to one of them, as `argmax` does, or divide the mask by its sum.",
    shown_by="gradcheck verify",
    sign=Sign.TIES,
)
