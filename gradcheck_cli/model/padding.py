"""How a padding is asked for:

    1              on every side
    1x2            for each axis, as a size: 1 above and below, 2 left and right
    0,1,2,3        each side: top, bottom, left, right; of one axis left, right; of three front, back first
    same, valid    torch's words: as much output as input where the stride is 1, and nothing

What a word adds is known to `TorchLayer`.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Sides: TypeAlias = tuple[int, int]
"""(before, after) of one axis."""
Padding: TypeAlias = str | tuple[int, ...] | tuple[Sides, ...]
"""A word, a number for each axis (one for all of them), or both sides of each axis."""

SAME, VALID = "same", "valid"
WORDS = (SAME, VALID)
# What the sides of the axes are called, as they are typed.
SIDES = {1: "left,right", 2: "top,bottom,left,right", 3: "front,back,top,bottom,left,right"}
# More digits than any padding has; Python itself refuses to read numbers of thousands.
_NUMBER = re.compile(r"[+-]?\d{1,20}", re.ASCII)


def read_padding(text: str) -> Padding | None:
    """What was typed, None where it is no padding."""
    word = text.strip().lower()
    if word in WORDS:
        return word
    by_side = "," in word
    parts = [part.strip() for part in word.split("," if by_side else "x")]
    if not all(map(_NUMBER.fullmatch, parts)) or (by_side and len(parts) % 2):
        return None
    numbers = tuple(map(int, parts))
    return tuple(zip(numbers[::2], numbers[1::2], strict=True)) if by_side else numbers


def normal_padding(padding: Padding, axes: int) -> Padding:
    """The same padding in the shortest way that says it of so many axes; what fits them not is left as it is.

    A text is read: "1x2" and "0,1,0,1" are (1, 2) and ((0, 1), (0, 1)).
    """
    said = (read_padding(padding) or padding) if isinstance(padding, str) else padding
    if isinstance(said, str) or not fits(said, axes):
        return said
    sides = _sides(said, axes)
    return tuple(before for before, _ in sides) if all(before == after for before, after in sides) else sides


def typed_padding(padding: Padding) -> str:
    """What is typed to say it again."""
    if isinstance(padding, str):
        return padding
    if padding and isinstance(padding[0], tuple):
        return ",".join(str(number) for number in numbers_of(padding))
    return str(padding[0]) if len(set(padding)) == 1 else "x".join(map(str, padding))


def numbers_of(padding: Padding) -> tuple[int, ...]:
    """Every number that is said, in order; a word says none."""
    if isinstance(padding, str):
        return ()
    return tuple(number for item in padding for number in (item if isinstance(item, tuple) else (item,)))


def fits(padding: Padding, axes: int) -> bool:
    """Whether it can be said of a layer with so many axes: a word, one number, or one item for each axis."""
    return isinstance(padding, str) or len(padding) == axes or (len(padding) == 1 and isinstance(padding[0], int))


def _sides(padding: tuple[int, ...] | tuple[Sides, ...], axes: int) -> tuple[Sides, ...]:
    items = padding * axes if len(padding) == 1 else padding
    return tuple(item if isinstance(item, tuple) else (item, item) for item in items)
