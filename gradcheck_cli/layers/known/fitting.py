"""From somebody's order and number of axes to ours, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array, Shape


def _padded(shape: Shape, axes: int) -> Shape | None:
    return (1,) * (axes - len(shape)) + shape if len(shape) <= axes else None


def _squeezed(shape: Shape, axes: int) -> Shape | None:
    without = tuple(size for size in shape if size != 1)
    return without if len(without) == axes < len(shape) else None


def _first_merged(shape: Shape, axes: int) -> Shape | None:
    kept = len(shape) - axes + 1
    return (math.prod(shape[:kept]), *shape[kept:]) if 0 < axes < len(shape) else None


def _last_merged(shape: Shape, axes: int) -> Shape | None:
    return (*shape[: axes - 1], math.prod(shape[axes - 1 :])) if 0 < axes < len(shape) else None


# In this order: what leaves the array as it is comes first.
_WAYS: Mapping[str, Callable[[Shape, int], Shape | None]] = {
    "as it is": _padded,
    "without axes of length 1": _squeezed,
    "first axes merged": _first_merged,
    "last axes merged": _last_merged,
}


@dataclass(frozen=True)
class Fit:
    """One way to read an array of theirs as one of ours, of whatever sizes.

    Attributes:
        axes: how many ours has.
        way: what is done with their further axes; a key of `_WAYS`. Where they have fewer, axes of length 1 are put in
            front.
        order: the axes of theirs in our order, as for numpy.transpose; () for theirs as they are.
    """

    axes: int
    way: str
    order: Shape = ()

    def shape(self, theirs: Shape) -> Shape | None:
        """Ours; None where an array of this shape cannot be read so."""
        if self.order and len(self.order) != len(theirs):
            return None
        return _WAYS[self.way](self._turned(theirs), self.axes)

    def to_ours(self, array: Array) -> Array:
        """Turned, then merged.

        Raises:
            ValueError: an array of this shape cannot be read so.
        """
        ours = self.shape(array.shape)
        if ours is None:
            raise ValueError(f"an array of shape {array.shape} has other axes than the one that was recognised")
        turned = array.transpose(self.order) if self.order else array
        return turned.reshape(ours)

    def to_theirs(self, array: Array, theirs: Shape) -> Array:
        """The same entries back in their places: also for a gradient."""
        turned = array.reshape(self._turned(theirs))
        return turned.transpose(np.argsort(self.order)) if self.order else turned

    def _turned(self, theirs: Shape) -> Shape:
        return tuple(theirs[axis] for axis in self.order) if self.order else theirs


def fits(theirs: Shape, axes: int, order: Shape = ()) -> Iterator[tuple[Fit, Shape]]:
    """The ways to read an array of this shape as one of `axes` axes, with the shape that each gives; each shape once.

    None where `order` is for another number of axes.
    """
    found: dict[Shape, Fit] = {}
    for way in _WAYS:
        fit = Fit(axes, way, order)
        ours = fit.shape(theirs)
        if ours is not None:
            found.setdefault(ours, fit)
    yield from ((fit, ours) for ours, fit in found.items())
