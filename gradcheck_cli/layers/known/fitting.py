"""From somebody's order and number of axes to ours, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array


@dataclass(frozen=True)
class Fit:
    """One way to read an array of theirs as one of ours.

    Attributes:
        theirs, ours: the shapes.
        order: the axes of theirs in our order, as for numpy.transpose; () for theirs as they are.
    """

    theirs: tuple[int, ...]
    ours: tuple[int, ...]
    order: tuple[int, ...] = ()

    def to_ours(self, array: Array) -> Array:
        """Turned, then merged."""
        turned = array.transpose(self.order) if self.order else array
        return turned.reshape(self.ours)

    def to_theirs(self, array: Array) -> Array:
        """The same entries back in their places: also for a gradient."""
        if not self.order:
            return array.reshape(self.theirs)
        turned = array.reshape([self.theirs[axis] for axis in self.order])
        return turned.transpose(np.argsort(self.order))


def fits(shape: tuple[int, ...], axes: int, order: tuple[int, ...] = ()) -> Iterator[Fit]:
    """The ways to read an array of this shape as one of `axes` axes; none where `order` is for another number of axes.

    More axes than ours: those of length 1 are dropped, or the first ones merged, or the last ones. Fewer: axes of
    length 1 are put in front.
    """
    if order and len(order) != len(shape):
        return
    turned = tuple(shape[axis] for axis in order) if order else shape
    found = dict.fromkeys(tuple(ours) for ours in _shapes(turned, axes))
    yield from (Fit(shape, ours, order) for ours in found)


def _shapes(shape: tuple[int, ...], axes: int) -> Iterator[tuple[int, ...]]:
    if len(shape) <= axes:
        yield (1,) * (axes - len(shape)) + shape
        return
    without = tuple(size for size in shape if size != 1)
    if len(without) == axes:
        yield without
    if axes:
        kept = len(shape) - axes + 1
        yield (_product(shape[:kept]), *shape[kept:])
        yield (*shape[: axes - 1], _product(shape[axes - 1 :]))
    elif not without:
        yield ()


def _product(sizes: tuple[int, ...]) -> int:
    return int(np.prod(sizes))
