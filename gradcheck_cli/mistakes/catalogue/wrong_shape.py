"""wrong-shape: the gradient does not have the shape of what it is the gradient of."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake

MISTAKE = Mistake(
    id="wrong-shape",
    title="returns a gradient in another shape than that of its array",
    why=(
        "A gradient has one number for each number of its array: dE/dF the shape of F, dE/dX that of X, dE/db that of "
        "b. `keepdims=True` leaves axes of length 1, and `squeeze` drops axes that belong there."
    ),
    hides_when="the sizes happen to agree",
    fix="Make the result with `np.zeros_like(F)` (or X, or b), and add into it.",
    shown_by="gradcheck run --backward FILE.py:NAME",
)
