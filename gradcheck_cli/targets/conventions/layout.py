"""Axis orders: from our (n, c, h, w), (o, i, u, v), (n, o, p, q) to the target's and back.

A layout is written in letters: n batch, c channel, h w input, o filter, i channel of a filter, u v kernel, p q output.
An axis that the target does not have is left out ("chw": one image). Brackets join axes: "o(iuv)" is a matrix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from gradcheck_cli.model import Array, ConvSpec

OURS = {"x": "nchw", "weight": "oiuv", "output": "nopq"}


class WrongShapeError(Exception):
    """A result whose shape is not the one of what it is the gradient of."""


@dataclass(frozen=True)
class Layout:
    """The axis order of X, F and O in a target.

    `flipped`: the target's forward turns the kernel by 180 degrees; its F is ours turned.
    """

    x: str = "nchw"
    weight: str = "oiuv"
    output: str = "nopq"
    flipped: bool = False

    @property
    def id(self) -> str:
        """The order of X's axes in capitals: NCHW, NHWC, CHW, HWC, HW."""
        return self.x.upper()

    @property
    def depthwise(self) -> bool:
        """One filter for each channel, groups = channels: the kernel has no axis of input channels, the image has."""
        return "c" in self.x and "i" not in self.weight and "o" in self.weight

    def turned(self) -> Layout:
        """The same layout of a layer whose forward is a true convolution."""
        return replace(self, flipped=True)

    def refuses(self, spec: ConvSpec) -> str:
        """Why a target of this layout cannot take `spec`; "" when it can."""
        if "n" not in self.x and spec.batch > 1:
            return "it takes one image at a time"
        if "c" not in self.x and spec.in_channels > 1:
            return "it takes one channel only"
        if self.depthwise and not spec.groups == spec.in_channels == spec.out_channels:
            return "it is depthwise: it has one filter for each channel"
        if "i" not in self.weight and spec.weight_shape[1] > 1:
            return "its kernel has no channel axis"
        if ("o" not in self.weight or "o" not in self.output) and spec.out_channels > 1:
            return "it has one filter only"
        return ""

    def give(self, kind: str, array: Array) -> Array:
        """Our array of `kind` ("x", "weight" or "output") as the target expects it; a fresh copy."""
        if kind == "weight" and self.flipped:
            array = array[..., ::-1, ::-1]
        theirs = getattr(self, kind)
        sizes = dict(zip(OURS[kind], array.shape, strict=True))
        letters = re.sub(r"[()]", "", theirs)
        kept = [axis for axis in OURS[kind] if axis in letters]
        squeezed = array.reshape([sizes[axis] for axis in kept])
        ordered = squeezed.transpose([kept.index(axis) for axis in letters])
        return np.array(ordered.reshape(_joined_shape(theirs, sizes)), order="C")

    def take(self, kind: str, array: Array, shape: tuple[int, ...]) -> Array:
        """The target's array as ours of `shape`.

        Raises:
            WrongShapeError: it has another shape than an array of `kind` would have there.
        """
        theirs = getattr(self, kind)
        sizes = dict(zip(OURS[kind], shape, strict=True))
        letters = re.sub(r"[()]", "", theirs)
        if array.shape != _joined_shape(theirs, sizes):
            raise WrongShapeError(f"{array.shape} instead of {_joined_shape(theirs, sizes)}")
        ordered = array.reshape([sizes[axis] for axis in letters])
        kept = [axis for axis in OURS[kind] if axis in letters]
        ours = ordered.transpose([letters.index(axis) for axis in kept]).reshape(shape)
        return ours[..., ::-1, ::-1] if kind == "weight" and self.flipped else ours

    def shape(self, kind: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape that our array of `shape` has there."""
        return _joined_shape(getattr(self, kind), dict(zip(OURS[kind], shape, strict=True)))


def _joined_shape(letters: str, sizes: dict[str, int]) -> tuple[int, ...]:
    groups = re.findall(r"\(\w+\)|\w", letters)
    return tuple(prod(sizes[axis] for axis in group.strip("()")) for group in groups)


COMMON = (
    Layout(),
    Layout("nhwc", "uvio", "npqo"),
    Layout("nhwc", "ouvi", "npqo"),
    Layout("chw", "oiuv", "opq"),
    Layout("hwc", "uvio", "pqo"),
    Layout("hwc", "ouvi", "pqo"),
    Layout("nhw", "ouv", "nopq"),
    Layout("nhw", "ouv", "npqo"),
    Layout("nhw", "uv", "npq"),
    Layout("nhw", "uvo", "npqo"),
    Layout("hw", "ouv", "pqo"),
    Layout("hw", "ouv", "opq"),
    Layout("hw", "uv", "pq"),
    Layout("hw", "uvo", "pqo"),
    Layout("nhwc", "oiuv", "npqo"),
    Layout("nchw", "iouv", "nopq"),
    Layout("nchw", "uvio", "nopq"),
    Layout("nchw", "o(iuv)", "nopq"),
    Layout("hwc", "oiuv", "pqo"),
    Layout("hwc", "oiuv", "opq"),
    Layout("chw", "iuv", "pq"),
    Layout("hwc", "uvi", "pq"),
    Layout("chwn", "iuvo", "opqn"),
    Layout("hwcn", "uvio", "pqon"),
    Layout("nchw", "ouv", "nopq"),
    Layout("nhwc", "uvo", "npqo"),
    Layout("nhwc", "uvoi", "npqo"),
    Layout("chw", "ouv", "opq"),
    Layout("hwc", "uvo", "pqo"),
)
"""Tried in this order, the most frequent first; with a batch axis before the same without one."""

ONE_AXIS = (
    Layout("ncw", "oiv", "noq"),
    Layout("nwc", "vio", "nqo"),
    Layout("cw", "oiv", "oq"),
    Layout("nw", "v", "nq"),
    Layout("w", "v", "q"),
)
"""Those of code for one axis, where the height and what belongs to it are 1."""
