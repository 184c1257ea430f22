"""not-repeatable: the same call gives other numbers."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Behaviour, Observation, Sign, two_calls
from gradcheck_cli.mistakes.wording import number
from gradcheck_cli.model import Array, GradientName


def _differs(seen: Observation, gradient: GradientName) -> str:
    pair = two_calls(seen, gradient)
    if pair is None or np.array_equal(*pair, equal_nan=True) or _is_twice(*pair):
        return ""
    first, second = pair
    if first.shape != second.shape:
        return f"The second call returns grad_{gradient} in shape {second.shape}, the first in {first.shape}."
    index = tuple(int(i) for i in np.argwhere(first != second)[0])
    return (
        f"Two calls with the same arrays give different grad_{gradient}: entry {list(index)} is "
        f"{number(first[index])}, then {number(second[index])}."
    )


def _is_twice(first: Array, second: Array) -> bool:
    """What is added up from call to call is another mistake."""
    return np.array_equal(second, first + first)


MISTAKE = Mistake(
    id="not-repeatable",
    order=550,
    title="gives other numbers when it is called again with the same arrays",
    why=(
        "Something is left over from the call before, an array from `np.empty` is read before it is filled, or random "
        "numbers are drawn. A gradient depends on its arguments alone."
    ),
    hides_when="the function is called once",
    fix="Fill every array before it is read, and keep nothing between calls.",
    shown_by="gradcheck run --backward FILE.py:NAME, which calls it twice",
    behaviour=Behaviour(_differs, fails=True, told_last=True, from_memory=True),
    sign=Sign.UNSTEADY,
)
