"""diagonal-only: the terms between different entries are missing."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="diagonal-only",
    order=740,
    title="uses only the diagonal of the Jacobian",
    why=(
        "In a softmax or a norm every output of a row depends on every input of it. `y * (1 - y)` is the "
        "derivative of each output by its own input alone; the terms between different entries are missing."
    ),
    hides_when="each output depends on its own input alone",
    fix="Add the other entries of the row: for a softmax `y * (g - (g * y).sum(axis, keepdims=True))`.",
    shown_by="gradcheck verify",
    sign=Sign.DIAGONAL,
)
