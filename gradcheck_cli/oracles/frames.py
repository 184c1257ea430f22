"""What a layer of any form reads, with its padding around it, and which part of it a tap meets. No arithmetic.

A convolution reads X. A transposed layer is told here by what its gradients read, which is G: an output that no window
of X reaches lies beyond the frame, and what is cut off the output is a border of zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Axis, ConvSpec

# numpy's words for torch's padding modes.
_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def framed(read: Array, spec: ConvSpec) -> Array:
    """X, or G of a transposed layer, in its border: (n, c, *spec.padded_size). Itself where there is none."""
    if not any((axis.before, axis.after) != (0, 0) for axis in spec.axes):
        return read
    if spec.padding_mode != "zeros":
        border = [(0, 0), (0, 0), *((axis.before, axis.after) for axis in spec.axes)]
        return np.pad(read, border, mode=_MODES[spec.padding_mode])  # type: ignore[call-overload, no-any-return]
    frame = np.zeros((*read.shape[:2], *spec.padded_size), read.dtype)
    inner = frame[:, :, *(slice(axis.before, axis.before + axis.size) for axis in spec.axes)]
    inner[...] = read[:, :, *map(slice, inner.shape[2:])]
    return frame


def unframed(frame: Array, spec: ConvSpec) -> Array:
    """The transposed map: the border cut off, and what came to a copy added to what it is a copy of."""
    for place, axis in enumerate(spec.axes, start=2):
        rows = np.moveaxis(frame, place, 0)
        inner = np.zeros((axis.size, *rows.shape[1:]), frame.dtype)
        kept = rows[axis.before : axis.before + axis.size]
        inner[: len(kept)] = kept
        if axis.mode != "zeros":
            copied = _copied(axis)
            for position in (*range(axis.before), *range(axis.before + axis.size, axis.room)):
                inner[copied[position]] += rows[position]
        frame = np.moveaxis(inner, 0, place)
    return np.ascontiguousarray(frame)


def windows(frame: Array, spec: ConvSpec) -> Iterator[tuple[int, Array]]:
    """Each tap, counted in C order, with the view of the frame that it meets: at s*p + d*u for all places p."""
    for tap in range(prod(spec.kernel_size)):
        yield tap, window(frame, tap, spec)


def window(frame: Array, tap: int, spec: ConvSpec) -> Array:
    """What one tap meets of the frame, on the last axes; a view."""
    place = np.unravel_index(tap, spec.kernel_size)
    slices: tuple[Any, ...] = (..., *map(met, spec.axes, map(int, place)))
    return frame[slices]  # type: ignore[no-any-return]


def count(spec: ConvSpec) -> int:
    """How many places of the frame a tap meets."""
    return prod(axis.outputs for axis in spec.axes)


def entries(weight: Array, spec: ConvSpec) -> Array:
    """F as (groups, c_out/groups, c_in/groups, ...), a view, whichever of the two the form has first."""
    grouped = weight.reshape(spec.groups, -1, *spec.weight_shape[1:])
    return grouped.swapaxes(1, 2) if spec.transposed else grouped


def as_weight(entries: Array, spec: ConvSpec) -> Array:
    """The inverse of `entries`."""
    ordered = entries.swapaxes(1, 2) if spec.transposed else entries
    return ordered.reshape(spec.weight_shape)


def met(axis: Axis, tap: int) -> slice:
    """What a tap meets of its axis of the frame."""
    start = axis.dilation * tap
    return slice(start, start + axis.stride * (axis.outputs - 1) + 1, axis.stride)


def _copied(axis: Axis) -> list[int]:
    """Which element each position of the axis shows."""
    shown = np.pad(np.arange(axis.size), (axis.before, axis.after), mode=_MODES[axis.mode])  # type: ignore[call-overload]
    return [int(source) for source in shown]
