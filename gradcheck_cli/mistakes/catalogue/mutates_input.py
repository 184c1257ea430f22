"""mutates-input: the backward changes what it was given."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake

MISTAKE = Mistake(
    id="mutates-input",
    title="changes an array that it was given",
    why=(
        "`G *= mask`, `X += 1` or `dX = X` followed by `dX += ...` write into the caller's array. The gradients may "
        "be right, but whoever uses the array next gets other numbers."
    ),
    hides_when="nobody uses the array again",
    fix="Work on a copy (`G = G * mask`, `dX = np.zeros_like(X)`).",
    shown_by="gradcheck run --backward FILE.py:NAME, which looks at the inputs afterwards",
)
