"""wrong-count: a return that does not fit the arguments."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="wrong-count",
    order=880,
    title="returns another number of gradients than the forward has arguments",
    why=(
        "backward returns one gradient for each argument of forward, in their order, and None for those that "
        "have none. Too few raise in autograd, and a nested tuple counts as one."
    ),
    hides_when="backward is only called by hand",
    fix="Return one entry for each argument of forward, None for what is no tensor.",
    shown_by="gradcheck verify",
    sign=Sign.COUNT,
)
