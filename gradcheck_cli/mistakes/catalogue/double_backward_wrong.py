"""double-backward-wrong: a second derivative that lacks terms."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="double-backward-wrong",
    order=870,
    title="gives a wrong second derivative without a word",
    why=(
        "With create_graph=True autograd differentiates the backward. What the forward computed without a "
        "graph and kept on ctx is a constant to it, so terms are missing."
    ),
    hides_when="nobody differentiates twice",
    fix=(
        "Save inputs and outputs only and compute the rest from them in the backward, or decorate it with "
        "once_differentiable."
    ),
    shown_by="gradcheck verify",
    sign=Sign.SECOND_ORDER,
)
