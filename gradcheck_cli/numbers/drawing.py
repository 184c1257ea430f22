"""Whole numbers drawn for the exact probes, and made smaller, fewer or wider. Nothing is proved here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.model import Array, Axis, ConvSpec
from gradcheck_cli.numbers.magnitudes import BLOCK, FLOAT32_LIMIT

# As in a picture of 8 bits: the sums of a narrow case then fit float32 at most sizes that people use.
LARGEST_PIXEL = 255
# Numbers of each filter's G that no float32 holds: in one place alone another sum could make up for it by chance.
WIDE_OUTPUTS = 3


def halved(array: Array) -> Array:
    """Half the magnitudes, but no number becomes 0."""
    half = np.empty(array.shape)
    for part, whole in zip(blocks(half), blocks(array), strict=True):
        np.trunc(np.divide(whole, 2, out=part), out=part)
        # A sum, as numpy chooses among numbers more slowly than it adds them.
        part += np.sign(whole) * (part == 0)
    return half


def truncated_half(array: Array) -> Array:
    """Half the magnitudes, cut to whole numbers."""
    half = array / 2
    return np.trunc(half, out=half)


def thinned(array: Array, share: float, rng: np.random.Generator) -> Array:
    """About that share of the numbers, zeros elsewhere."""
    thin = np.zeros(array.shape)
    for part, whole in zip(blocks(thin), blocks(array), strict=True):
        np.copyto(part, whole, where=rng.random(part.shape) < share)
    return thin


def thinned_inside(grad_output: Array, share: float, rng: np.random.Generator) -> Array:
    """Thinned out, but for the first and last rows and columns, where mistakes show, while anything else is left."""
    thin = thinned(grad_output, 0.9 * share, rng)
    # The height of a layer of one axis is no border.
    axes = [axis for axis in range(2, grad_output.ndim) if grad_output.shape[axis] > 1] or [2]
    inner: list[slice] = [slice(1, -1) if axis in axes else slice(None) for axis in range(2, grad_output.ndim)]
    if not grad_output[:, :, *inner].any():
        return thin
    for axis in axes:
        for end in (0, -1):
            np.moveaxis(thin, axis, 0)[end] = np.moveaxis(grad_output, axis, 0)[end]
    return thin


def with_fractions(array: Array, parts: int, rng: np.random.Generator) -> Array:
    """Every number but 0 moved away from 0 by 1, 2, ... or parts - 1 of that many parts of 1."""
    return np.asarray(array + np.sign(array) * rng.integers(1, parts, array.shape) / parts)


def draw(rng: np.random.Generator, shape: tuple[int, ...], largest: int) -> Array:
    """Random integers of both signs without 0, as float64: all magnitudes first, then all signs."""
    drawn = np.empty(shape)
    for part in blocks(drawn):
        part[...] = rng.integers(1, largest, part.shape, endpoint=True)
    for part in blocks(drawn):
        part *= rng.choice((-1.0, 1.0), part.shape)
    return drawn


def blocks(array: Array) -> Iterator[Array]:
    """Views of a contiguous array, one after the other: a generator gives each as it gives all, in less memory."""
    line = array.reshape(-1)
    for begin in range(0, line.size, BLOCK):
        yield line[begin : begin + BLOCK]


def wide(rng: np.random.Generator) -> float:
    """4 k + 1 of 25 bits: float32 rounds it down, always, so that no two roundings cancel."""
    return float(FLOAT32_LIMIT + 1 + 4 * rng.integers(0, FLOAT32_LIMIT // 4))


def widen(plane: Array, meeting: tuple[Array, ...], rng: np.random.Generator) -> None:
    """Make 3 numbers of a filter's G wide (1 of fewer than 3), and its sum odd: float32 cannot hold that either.

    They are taken from the outputs that meet the picture; where only padding is met, all are as good.
    """
    places = _places(plane.shape, meeting, WIDE_OUTPUTS + 1, rng)
    count = WIDE_OUTPUTS if plane.size >= WIDE_OUTPUTS else 1
    for place in places[:count]:
        plane[place] = wide(rng)
    if plane.sum() % 2 == 0:
        plane[places[count]] += 1


def _places(
    shape: tuple[int, ...], meeting: tuple[Array, ...], count: int, rng: np.random.Generator
) -> list[tuple[int, ...]]:
    """At most `count` different places of a plane (n, p, q), those on the lines of `meeting` first.

    They are drawn by number: nothing as large as the plane is sorted or listed while enough of them meet.
    """
    inside = (shape[0], *(axis.size for axis in meeting))
    picked = rng.choice(np.prod(inside), min(count, int(np.prod(inside))), replace=False)
    drawn = zip(*(axis.tolist() for axis in np.unravel_index(picked, inside)), strict=True)
    places: list[tuple[int, ...]] = [
        (n, *(int(met[place]) for met, place in zip(meeting, rest, strict=True))) for n, *rest in drawn
    ]
    if len(places) < count:
        meets = np.zeros(shape, bool)
        meets[np.ix_(np.arange(shape[0]), *meeting)] = True
        others = np.argwhere(~meets)
        places += [tuple(place) for place in rng.permutation(others)[: count - len(places)].tolist()]
    return places


def whole_pixels(x: Array, most: int) -> Array:
    """Pixels as integers: rounded; spread over 255 steps where they lie within 1, and where one is above `most`."""
    pixels = x.astype(np.float64)
    largest = max(pixels.max(initial=0.0), -pixels.min(initial=0.0))
    if 0 < largest <= 1 or largest > most:
        pixels *= LARGEST_PIXEL / largest
    return np.rint(pixels, out=pixels)


def touched(spec: ConvSpec) -> tuple[Array, ...]:
    """Rows, columns (and planes) of the input that some window reads; of a transposed layer, that reach some output."""
    return _outputs_that_meet(spec) if spec.transposed else _inputs_that_meet(spec)


def meeting(spec: ConvSpec) -> tuple[Array, ...]:
    """Rows, columns (and planes) of the output whose window reads the input."""
    return _inputs_that_meet(spec) if spec.transposed else _outputs_that_meet(spec)


def _inputs_that_meet(spec: ConvSpec) -> tuple[Array, ...]:
    """On each axis, the elements that some position shows that is read."""
    return tuple(np.flatnonzero(np.bincount(read[read >= 0])) for read in map(_sources, spec.axes))


def _outputs_that_meet(spec: ConvSpec) -> tuple[Array, ...]:
    """On each axis, the places whose window reads an element."""
    return tuple(np.flatnonzero((read >= 0).any(axis=1)) for read in map(_sources, spec.axes))


def _sources(axis: Axis) -> Array:
    """What each output reads with each tap, (outputs, taps); -1 where that is a zero."""
    starts, taps = axis.stride * np.arange(axis.outputs), axis.dilation * np.arange(axis.taps)
    shown = [axis.source(position) for position in range(axis.room)]
    sources = np.array([-1 if source is None else source for source in shown])
    return np.asarray(sources[starts[:, None] + taps])
