"""overwrites-instead-of-adding: an entry that is used twice and counted once."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="overwrites-instead-of-adding",
    order=840,
    title="stores with = where several terms belong to one entry",
    why=(
        "An index that comes twice, or windows that overlap, add to one entry of the gradient twice. "
        "`dx[index] = g` keeps the last. So it is with a node of a graph that two others use: `a.grad = ...` forgets "
        "what the first of them gave."
    ),
    hides_when="no entry is used twice",
    fix="Add: `np.add.at(dx, index, g)`, `index_add_`, or +=.",
    shown_by="gradcheck verify",
    sign=Sign.LAST_WINS,
)
