"""not-repeatable: the same call gives other numbers."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake

MISTAKE = Mistake(
    id="not-repeatable",
    title="gives other numbers when it is called again with the same arrays",
    why=(
        "Something is left over from the call before, an array from `np.empty` is read before it is filled, or random "
        "numbers are drawn. A gradient depends on its arguments alone."
    ),
    hides_when="the function is called once",
    fix="Fill every array before it is read, and keep nothing between calls.",
    shown_by="gradcheck run --backward FILE.py:NAME, which calls it twice",
)
