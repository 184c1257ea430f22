"""Axis orders: from our (n, c, h, w), (o, i, u, v), (n, o, p, q) to the target's and back.

A layout is written in letters: n batch, c channel, h w input, o filter, i channel of a filter, u v kernel, p q output.
Code for one axis has no h, u and p, code for three has d, t and r too. Depthwise code has g, the channel, and m, its
filters one after the other: o = gm as torch and TensorFlow count filters, or mg. An axis that the target does not have
is left out ("chw": one image). Brackets join axes: "o(iuv)" is a matrix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from gradcheck_cli.model import PADDING_MODES, Array, ConvSpec, PaddingMode
from gradcheck_cli.model.line import number_of_axes
from gradcheck_cli.model.spec import CONVS, ConvName

# The letters of our arrays before their axes, and those of the axes, of as many as there are the last.
_FIRST = {"x": "nc", "weight": "oi", "output": "no"}
_SPATIAL = {"x": "dhw", "weight": "tuv", "output": "rpq"}


class WrongShapeError(Exception):
    """A result whose shape is not the one of what it is the gradient of."""


@dataclass(frozen=True)
class Layout:
    """The axis order of X, F and O in a target.

    `flipped`: the target's forward turns the kernel by 180 degrees; its F is ours turned. `transposed`: the layer is a
    transposed one, whose F we keep as torch does, channels first. `modes`: what its padding may repeat. `pointwise`:
    its kernel has one tap. `square`: its images have as many rows as columns.
    """

    x: str = "nchw"
    weight: str = "oiuv"
    output: str = "nopq"
    flipped: bool = False
    transposed: bool = False
    modes: tuple[PaddingMode, ...] = ("zeros",)
    pointwise: bool = False
    square: bool = False

    @property
    def id(self) -> str:
        """The order of X's axes in capitals: NCHW, NHWC, CHW, HWC, HW, NCW."""
        return self.x.upper()

    @property
    def spatial(self) -> int:
        """How many axes it has beside batch and channels: 2 of pictures, 1 of lines, 3 of volumes."""
        return 1 + ("h" in self.x) + ("d" in self.x)

    @property
    def conv(self) -> ConvName:
        """Of which layer, as torch calls it."""
        return CONVS[self.spatial - 1 + 3 * self.transposed]

    @property
    def depthwise(self) -> bool:
        """Each channel has filters of its own, groups = channels."""
        return "g" in self.weight

    def of_any_mode(self, takes_any: bool) -> Layout:
        """The same for code that is told what its padding repeats, where it is."""
        return replace(self, modes=PADDING_MODES) if takes_any and not self.transposed else self

    def turned(self) -> Layout:
        """The same layout of a layer whose forward is a true convolution."""
        return replace(self, flipped=True)

    def by_multiplier(self) -> Layout:
        """The same layout of depthwise code that counts its filters m*C + c."""
        filters = "mg" if "(" in self.output else "(mg)"
        return replace(self, weight=self.weight.replace("(gm)", "(mg)"), output=self.output.replace("o", filters))

    def refuses(self, spec: ConvSpec) -> str:
        """Why a target of this layout cannot take `spec`; "" when it can."""
        if number_of_axes(spec) != self.spatial or spec.transposed != self.transposed:
            return f"it is a backward of {self.conv}, not of {spec.conv}"
        if spec.padding_mode not in self.modes and (spec.is_padded or self.modes == ("zeros",)):
            return f"its padding is {self.modes[0]}"
        if self.pointwise and not is_pointwise(spec):
            return "it is pointwise: its kernel has one tap"
        if self.square and len(set(spec.input_size)) > 1:
            return "its own forward takes square images alone"
        return self._refuses_channels(spec)

    def _refuses_channels(self, spec: ConvSpec) -> str:
        if "n" not in self.x and spec.batch > 1:
            return "it takes one image at a time"
        if "c" not in self.x and spec.in_channels > 1:
            return "it takes one channel only"
        if self.depthwise and "m" not in self.weight and not spec.groups == spec.in_channels == spec.out_channels:
            return "it is depthwise: it has one filter for each channel"
        if self.depthwise and spec.groups != spec.in_channels:
            return "it is depthwise: each channel has filters of its own"
        if "i" not in self.weight and spec.in_channels // spec.groups > 1:
            return "its kernel has no channel axis"
        if not self.depthwise and ("o" not in self.weight or "o" not in self.output) and spec.out_channels > 1:
            return "it has one filter only"
        return ""

    def give(self, kind: str, array: Array, groups: int) -> Array:
        """Our array of `kind` ("x", "weight" or "output") as the target expects it; a fresh copy."""
        if kind == "weight" and self.flipped:
            array = turned(array)
        way = self._way(kind, array.shape, groups)
        ordered = array.reshape(way.ours).transpose(way.to_theirs)
        return np.array(ordered.reshape(way.joined), order="C")

    def take(self, kind: str, array: Array, shape: tuple[int, ...], groups: int) -> Array:
        """The target's array as ours of `shape`.

        Raises:
            WrongShapeError: it has another shape than an array of `kind` would have there.
        """
        way = self._way(kind, shape, groups)
        if array.shape != way.joined:
            raise WrongShapeError(f"{array.shape} instead of {way.joined}")
        ours = array.reshape(way.theirs).transpose(way.to_ours).reshape(shape)
        return turned(ours) if kind == "weight" and self.flipped else ours

    def give_filters(self, array: Array, groups: int) -> Array:
        """One number for each filter, in the order in which the target counts its filters; a fresh copy."""
        ordered = array.reshape(groups, -1).T if self.is_by_multiplier else array
        return np.array(ordered.reshape(-1), order="C")

    def take_filters(self, array: Array, groups: int) -> Array:
        """The target's numbers for each filter in our order."""
        return array.reshape(-1, groups).T.reshape(-1) if self.is_by_multiplier else array.reshape(-1)

    @property
    def is_by_multiplier(self) -> bool:
        """Filter number m*C + c: the channel runs fastest."""
        return "mg" in self.output

    def letters(self, kind: str) -> tuple[str, ...]:
        """What each axis of an array of `kind` runs over there: ("o", "iuv") of a flattened kernel."""
        return _groups(getattr(self, kind))

    def axes(self, kind: str) -> int:
        """How many axes an array of `kind` has there."""
        return len(_groups(getattr(self, kind)))

    def shape(self, kind: str, shape: tuple[int, ...], groups: int) -> tuple[int, ...]:
        """The shape that our array of `shape` has there."""
        return self._way(kind, shape, groups).joined

    def _way(self, kind: str, shape: tuple[int, ...], groups: int) -> _Way:
        first = "io" if kind == "weight" and self.transposed else _FIRST[kind]
        return _way(getattr(self, kind), first + _SPATIAL[kind][2 - len(shape) :], shape, groups)


class _Way(NamedTuple):
    """From our array to the target's and back: sizes of the axes that both have, in both orders, and theirs joined."""

    ours: tuple[int, ...]
    theirs: tuple[int, ...]
    joined: tuple[int, ...]
    to_theirs: tuple[int, ...]
    to_ours: tuple[int, ...]


# Recognition hands the same few arrays over in hundreds of ways.
@lru_cache(maxsize=2**12)
def _way(theirs: str, own: str, shape: tuple[int, ...], groups: int) -> _Way:
    """Of an array of `shape` whose axes are `own` here; filters are split into g and m where the target does so."""
    sizes = dict(zip(own, shape, strict=True))
    if "g" in theirs:
        split = {"g": groups, "m": sizes["o"] // groups}
        parts = [split if axis == "o" else {axis: size} for axis, size in sizes.items()]
        sizes = {axis: size for part in parts for axis, size in part.items()}
    letters = "".join(_groups(theirs))
    kept = [axis for axis in sizes if axis in letters]
    return _Way(
        tuple(sizes[axis] for axis in kept),
        tuple(sizes[axis] for axis in letters),
        tuple(prod(sizes[axis] for axis in group) for group in _groups(theirs)),
        tuple(kept.index(axis) for axis in letters),
        tuple(letters.index(axis) for axis in kept),
    )


def is_pointwise(spec: ConvSpec) -> bool:
    """Whether a kernel of the layer has a single tap."""
    return max(spec.kernel_size) == 1


def turned(weight: Array) -> Array:
    """Kernels in our order turned by 180 degrees; a view."""
    return np.flip(weight, axis=tuple(range(2, weight.ndim)))


@cache
def _groups(theirs: str) -> tuple[str, ...]:
    """The letters of each axis of an array."""
    return tuple(group.strip("()") for group in re.findall(r"\(\w+\)|\w", theirs))
