"""A geometry from words: as a report names it. This is the one place that reads any notation of geometries.

    batch 2, in 3, out 4, input 8x7, kernel 3x3, stride 2x1, padding 0 before and 1x0 after, dilation 2, groups 1
    x (2, 3, 8, 7), weight (4, 3, 3, 3), stride (2, 1), padding 1
    conv_transpose1d, in 3, out 4, input 9, kernel 3, stride 2, output-padding 1
    conv3d, in 3, out 4, input 5x8x7, kernel 3, padding 1, padding-mode circular
    mb1ic3ih256oc3kh32                             as benchdnn writes it, see `benchdnn`

Sizes are from the outermost axis to the innermost, vertical x horizontal; one number is all of them; what is left out
is 1, of padding 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gradcheck_cli.model import benchdnn
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.nearness import did_you_mean
from gradcheck_cli.model.spec import CONVS, OWN_AXES, ConvName, ConvSpec, Size
from gradcheck_cli.model.text import counted
from gradcheck_cli.model.torch_layer import TorchLayer

EXAMPLE = "batch 2, in 3, out 4, input 8x7, kernel 3x3, stride 2, padding 1"

# Two ways to say the sizes: by their names, or by the shapes of X and F.
_NAMED = ("batch", "in", "out", "input", "kernel")
_SHAPES = ("x", "weight")
_STEPS = ("stride", "padding", "dilation", "groups", "padding-mode", "output-padding")
_KNOWN = (*_NAMED, *_SHAPES, *_STEPS, *CONVS)
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
    if benchdnn.is_descriptor(text):
        return benchdnn.geometry_of(text)
    said = _said(text)
    conv = _conv(said)
    if set(_SHAPES) & set(said):
        sizes = _by_shapes(said, conv)
    else:
        missing = [name for name in _NAMED if name not in said and name != "batch"]
        if missing:
            raise UsageError(f"the geometry {text!r} does not say {missing[0]}.", hint=f"as in: {EXAMPLE}")
        sizes = _by_names(said, conv)
    axes = OWN_AXES[conv]
    before, after = _padding(said.get("padding", "0"), axes)
    mode: Any = said.get("padding-mode", "zeros")
    return TorchLayer(
        conv=conv,
        **sizes,
        stride=_size(said.get("stride", "1"), axes),
        padding=list(zip(before, after, strict=True)),
        dilation=_size(said.get("dilation", "1"), axes),
        groups=_groups(said),
        padding_mode=mode,
        output_padding=_size(said.get("output-padding", "0"), axes),
    ).spec


def _said(text: str) -> dict[str, str]:
    """Word -> its value, as text."""
    said: dict[str, str] = {}
    for part in _OUTSIDE_BRACKETS.split(text):
        word, _, value = part.strip().partition(" ")
        word = word.lower()
        if word not in _KNOWN or word in said or bool(value) == (word in CONVS):
            raise _unread(text, word, said)
        said[word] = value.strip()
    return said


def _unread(text: str, word: str, said: Mapping[str, str]) -> UsageError:
    reason, hint = "is said twice" if word in said else "has no value", None
    if word in CONVS and word not in said:
        reason = "stands alone"
    if word not in _KNOWN:
        reason, hint = "is no word of a geometry", did_you_mean(word, _KNOWN)
    return UsageError(f"the geometry {text!r} cannot be read: {word!r} {reason}.", facts={"as in": EXAMPLE}, hint=hint)


def _conv(said: Mapping[str, str]) -> ConvName:
    """The form that is said; else the convolution of as many axes as the shape of X has."""
    named = [conv for conv in CONVS if conv in said]
    if len(named) > 1:
        raise UsageError(f"a geometry is of one form, and both {named[0]} and {named[1]} are said.")
    if named:
        return named[0]
    by_count: dict[int, ConvName] = {3: "conv1d", 5: "conv3d"}
    return by_count.get(said.get("x", "").count(",") + 1, "conv2d")


def _by_names(said: Mapping[str, str], conv: ConvName) -> dict[str, Any]:
    axes = OWN_AXES[conv]
    batch, channels, filters = (_numbers(said.get(name, "1"), 1)[0] for name in ("batch", "in", "out"))
    size, kernel = _size(said["input"], axes), _size(said["kernel"], axes)
    return _sizes((batch, channels, *size), filters, kernel)


def _by_shapes(said: Mapping[str, str], conv: ConvName) -> dict[str, Any]:
    for name in _SHAPES:
        if name not in said:
            raise UsageError(f"the geometry says no shape of {name}.", hint="x (n, c, h, w), weight (o, i, u, v)")
    numbers = OWN_AXES[conv] + 2
    first, second, *kernel = _numbers(said["weight"], numbers)
    filters = second * _groups(said) if conv.startswith("conv_transpose") else first
    return _sizes(_numbers(said["x"], numbers), filters, tuple(kernel))


def _sizes(x: Size, filters: int, kernel: Size) -> dict[str, Any]:
    batch, channels, *size = x
    return {
        "batch": batch,
        "in_channels": channels,
        "out_channels": filters,
        "size": tuple(size),
        "kernel_size": kernel,
    }


def _groups(said: Mapping[str, str]) -> int:
    return _numbers(said.get("groups", "1"), 1)[0]


def _padding(text: str, axes: int) -> tuple[Size, Size]:
    """(before, after): "1", or "0 before and 1x0 after"."""
    sides = _SIDES.fullmatch(text)
    before, after = sides.groups() if sides else (text, text)
    return _size(before, axes), _size(after, axes)


def _size(text: str, axes: int) -> Size:
    """ "3", "3x5" or "(3, 5)"."""
    return _numbers(text) * axes if text.isdigit() else _numbers(text, axes)


def _numbers(text: str, count: int = 1) -> tuple[int, ...]:
    parts = [part.strip() for part in re.split("[,x]", text.strip("()").lower())]
    if len(parts) != count or not all(map(_NUMBER.fullmatch, parts)):
        noun = "a number" if count == 1 else counted(count, "number")
        raise UsageError(f"{text!r} in a geometry is not {noun}.", hint=f"as in: {EXAMPLE}")
    return tuple(map(int, parts))
