"""A geometry from words: as a report names it. This is the one place that reads any notation of geometries.

    batch 2, in 3, out 4, input 8x7, kernel 3x3, stride 2x1, padding 0 before and 1x0 after, dilation 2, groups 1
    x (2, 3, 8, 7), weight (4, 3, 3, 3), stride (2, 1), padding 1

Sizes are vertical x horizontal, one number is both; what is left out is 1, of padding 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.nearness import did_you_mean
from gradcheck_cli.model.spec import ConvSpec, Size

EXAMPLE = "batch 2, in 3, out 4, input 8x7, kernel 3x3, stride 2, padding 1"

# Two ways to say the sizes: by their names, or by the shapes of X and F.
_NAMED = ("batch", "in", "out", "input", "kernel")
_SHAPES = ("x", "weight")
_STEPS = ("stride", "padding", "dilation", "groups")
_KNOWN = (*_NAMED, *_SHAPES, *_STEPS)
_OUTSIDE_BRACKETS = re.compile(r",(?![^(]*\))")
_SIDES = re.compile(r"(.+?) before and (.+?) after")
# As long as any size that a layer can have: Python refuses to read numbers of thousands of digits.
_NUMBER = re.compile(r"\d{1,10}", re.ASCII)


def geometry_of(text: str) -> ConvSpec:
    """The geometry that `text` names.

    Raises:
        UsageError: a word that is none, a number that is none, or a size that is missing.
        GeometryError: sizes that no convolution can have.
    """
    said = _said(text)
    if set(_SHAPES) & set(said):
        sizes = _by_shapes(said)
    else:
        missing = [name for name in _NAMED if name not in said and name != "batch"]
        if missing:
            raise UsageError(f"the geometry {text!r} does not say {missing[0]}.", hint=f"as in: {EXAMPLE}")
        sizes = _by_names(said)
    before, after = _padding(said.get("padding", "0"))
    return ConvSpec(
        *sizes,
        stride=_size(said.get("stride", "1")),
        padding=before,
        dilation=_size(said.get("dilation", "1")),
        groups=_numbers(said.get("groups", "1"), 1)[0],
        extra_after=(after[0] - before[0], after[1] - before[1]),
    )


Sizes = tuple[int, int, int, int, int, Size]
"""(n, c_in, c_out, h, w, kernel)"""


def _said(text: str) -> dict[str, str]:
    """Word -> its value, as text."""
    said: dict[str, str] = {}
    for part in _OUTSIDE_BRACKETS.split(text):
        word, _, value = part.strip().partition(" ")
        word = word.lower()
        if word not in _KNOWN or word in said or not value:
            raise _unread(text, word, said)
        said[word] = value.strip()
    return said


def _unread(text: str, word: str, said: Mapping[str, str]) -> UsageError:
    reason, hint = "is said twice" if word in said else "has no value", None
    if word not in _KNOWN:
        reason, hint = "is no word of a geometry", did_you_mean(word, _KNOWN)
    return UsageError(f"the geometry {text!r} cannot be read: {word!r} {reason}.", facts={"as in": EXAMPLE}, hint=hint)


def _by_names(said: Mapping[str, str]) -> Sizes:
    batch, channels, filters = (_numbers(said.get(name, "1"), 1)[0] for name in ("batch", "in", "out"))
    height, width = _size(said["input"])
    return (batch, channels, filters, height, width, _size(said["kernel"]))


def _by_shapes(said: Mapping[str, str]) -> Sizes:
    for name in _SHAPES:
        if name not in said:
            raise UsageError(f"the geometry says no shape of {name}.", hint="x (n, c, h, w), weight (o, i, u, v)")
    batch, channels, height, width = _numbers(said["x"], 4)
    filters, _, rows, columns = _numbers(said["weight"], 4)
    return (batch, channels, filters, height, width, (rows, columns))


def _padding(text: str) -> tuple[Size, Size]:
    """(before, after): "1", or "0 before and 1x0 after"."""
    sides = _SIDES.fullmatch(text)
    before, after = sides.groups() if sides else (text, text)
    return _size(before), _size(after)


def _size(text: str) -> Size:
    """ "3", "3x5" or "(3, 5)"."""
    numbers = _numbers(text) if text.isdigit() else _numbers(text, 2)
    return (numbers[0], numbers[-1])


def _numbers(text: str, count: int = 1) -> tuple[int, ...]:
    parts = [part.strip() for part in re.split("[,x]", text.strip("()").lower())]
    if len(parts) != count or not all(map(_NUMBER.fullmatch, parts)):
        noun = "a number" if count == 1 else f"{count} numbers"
        raise UsageError(f"{text!r} in a geometry is not {noun}.", hint=f"as in: {EXAMPLE}")
    return tuple(map(int, parts))
