"""mutates-input: the backward changes what it was given."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Behaviour, Observation, Sign
from gradcheck_cli.model import GradientName


def _mutates(seen: Observation, _: GradientName) -> str:
    if not seen.mutated:
        return ""
    return f"The call changes its argument{'s' if len(seen.mutated) > 1 else ''} {', '.join(seen.mutated)}."


MISTAKE = Mistake(
    id="mutates-input",
    order=540,
    title="changes an array that it was given",
    why=(
        "`G *= mask`, `X += 1` or `dX = X` followed by `dX += ...` write into the caller's array. The gradients may "
        "be right, but whoever uses the array next gets other numbers."
    ),
    hides_when="nobody uses the array again",
    fix="Work on a copy, or on a new array (`G = G * mask`).",
    shown_by="gradcheck run --backward FILE.py:NAME, which looks at the inputs afterwards",
    behaviour=Behaviour(_mutates, fails=True, of_the_call=True),
    sign=Sign.MUTATES,
)
