"""Where a convolution reads: padding, the taps that meet a row, and the phases that turn a stride into stride 1.

Pure index arithmetic and zero padding. No products are summed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

import numpy as np

from gradcheck_cli.model import Array, Axis, ConvSpec
from gradcheck_cli.model.errors import GeometryError


def phases(axis: Axis) -> Iterator[Phase]:
    """The residues modulo the stride that taps fall on, each with its taps. Together they hold every tap once."""
    tap_step = axis.stride // gcd(axis.stride, axis.dilation)
    for first in range(min(tap_step, axis.taps)):
        shift, start = divmod(axis.dilation * first - axis.before, axis.stride)
        yield Phase(
            start=start,
            taps=range(first, axis.taps, tap_step),
            shift=shift,
            shift_step=axis.dilation * tap_step // axis.stride,
        )


@dataclass(frozen=True)
class Phase:
    """The input positions start, start + stride, ... On them the taps `taps` act with stride 1.

    Output p and the k-th of `taps` meet at the element p + shift + k*shift_step of the phase; elements outside of
    the phase are padding.
    """

    start: int
    taps: range
    shift: int
    shift_step: int

    @property
    def shifts(self) -> range:
        """The shift of each of `taps`."""
        return range(self.shift, self.shift + self.shift_step * len(self.taps), self.shift_step)

    def meetings(self, element: int, outputs: int) -> tuple[slice, slice] | None:
        """The taps that read this element of the phase, and the outputs for which they do.

        Where a tap is further down, its output is further up: the second slice counts the outputs from the last to
        the first. None where no output reads the element.
        """
        latest = element - self.shift
        first = max(0, -((outputs - 1 - latest) // self.shift_step))
        last = min(len(self.taps) - 1, latest // self.shift_step)
        if first > last:
            return None
        begin = outputs - 1 - latest + first * self.shift_step
        end = begin + (last - first) * self.shift_step + 1
        chosen = self.taps[first : last + 1]
        return slice(chosen.start, chosen[-1] + 1, chosen.step), slice(begin, end, self.shift_step)


def pad(planes: Array, spec: ConvSpec) -> Array:
    """`planes` (..., h, w) in their frame of zeros, (..., *spec.padded_size). A copy."""
    framed = np.zeros((*planes.shape[:-2], *spec.padded_size), dtype=planes.dtype)
    crop(framed, spec)[...] = planes
    return framed


def crop(planes: Array, spec: ConvSpec) -> Array:
    """`planes` without the frame that `pad` adds. A view."""
    (top, left), (h, w) = spec.padding, spec.input_size
    return planes[..., top : top + h, left : left + w]


def require_shape(name: str, array: Array, expected: tuple[int, ...]) -> None:
    """Raise GeometryError where `array` has another shape than the geometry says."""
    if array.shape != expected:
        raise GeometryError(
            f"{name} has the shape {array.shape}, but the geometry says {expected}.",
            hint="the order of the axes is batch, channel, height, width",
        )
