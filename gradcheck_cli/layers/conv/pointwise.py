"""Direct summation where windows do not overlap: 1x1 kernels, and kernels that have one output.

Each input element then meets one tap at most, so the arrays as they lie are the factors of one matrix product for each
sample: no window is copied. Only the products of the definition are made.
"""

from __future__ import annotations

from math import prod
from typing import TypeAlias

import numpy as np

from gradcheck_cli.layers.conv.cost import Effort
from gradcheck_cli.model import Array, Axis, ConvSpec

RowsAndColumns: TypeAlias = tuple[slice, slice]
"""For rows and columns: which of them."""


def applies(spec: ConvSpec) -> bool:
    """Whether the way is for this layer."""
    return set(spec.kernel_size) == {1} or set(spec.output_size) == {1}


def grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dF as in `conv.grad_weight`: of a 1x1 kernel G (filters, places) times X (channels, places) transposed."""
    read, met = _places(spec)
    seen = _by_group(x[:, :, *read], spec)
    if set(spec.kernel_size) == {1}:
        return _summed(_by_group(grad_output[:, :, *met], spec), seen).reshape(spec.weight_shape)
    # One output: G is a number for each filter, and what it meets is the gradient, tap by tap.
    upstream = _by_group(grad_output, spec)[..., 0].transpose(1, 2, 0)
    products = upstream @ _side_by_side(seen).swapaxes(0, 1)
    return _framed(products.reshape(*spec.weight_shape[:2], *_lengths(met)), spec.weight_shape, met)


def grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dX as in `conv.grad_input`: of a 1x1 kernel F (channels, filters) times G (filters, places)."""
    read, met = _places(spec)
    kernel = weight[:, :, *met] if set(spec.kernel_size) != {1} else weight
    by_group = _side_by_side(kernel.reshape(spec.groups, spec.out_channels // spec.groups, *kernel.shape[1:]))
    if set(spec.kernel_size) == {1}:
        products = by_group.swapaxes(1, 2) @ _by_group(grad_output[:, :, *met], spec)
    else:
        products = (_by_group(grad_output, spec)[..., 0].swapaxes(0, 1) @ by_group).swapaxes(0, 1)
    return _framed(products.reshape(*spec.x_shape[:2], *_lengths(met)), spec.x_shape, read)


def grad_weight_effort(spec: ConvSpec) -> Effort:
    """What `grad_weight` does, for the rule of `cost`."""
    (filters, channels), places, batch = _group_shape(spec), _count(spec), spec.batch
    copied = _copied(spec)
    if set(spec.kernel_size) != {1}:
        return Effort.product(spec.groups, filters, channels * places, batch) + Effort(steps=1, copied=copied)
    if _is_laid_together(filters, channels, places, batch):
        together = batch * places * spec.groups * (filters + channels)
        return Effort.product(spec.groups, filters, channels, batch * places) + Effort(steps=1, copied=together)
    return Effort.product(batch * spec.groups, filters, channels, places) + Effort(steps=batch, copied=copied)


def grad_input_effort(spec: ConvSpec) -> Effort:
    """What `grad_input` does, for the rule of `cost`."""
    (filters, channels), places, batch = _group_shape(spec), _count(spec), spec.batch
    moved = Effort(steps=1, copied=_copied(spec))
    if set(spec.kernel_size) == {1}:
        return Effort.product(batch * spec.groups, channels, places, filters) + moved
    return Effort.product(spec.groups, batch, channels * places, filters) + moved


def _summed(upstream: Array, seen: Array) -> Array:
    """G (n, groups, filters, places) times X (n, groups, channels, places), summed over samples and places."""
    batch, groups, filters, places = upstream.shape
    if _is_laid_together(filters, seen.shape[2], places, batch):
        together = [part.transpose(1, 2, 0, 3).reshape(groups, part.shape[2], -1) for part in (upstream, seen)]
        return np.asarray(together[0] @ together[1].swapaxes(1, 2))
    total = upstream[0] @ seen[0].swapaxes(1, 2)
    for sample in range(1, batch):
        total += upstream[sample] @ seen[sample].swapaxes(1, 2)
    return np.asarray(total)


def _is_laid_together(filters: int, channels: int, places: int, batch: int) -> bool:
    """Whether it is cheaper to copy the samples side by side than to add their products up."""
    return batch > 1 and places * (filters + channels) < filters * channels


def _places(spec: ConvSpec) -> tuple[RowsAndColumns, RowsAndColumns]:
    """What is read of X, and by which outputs, or where there is one output, by which taps."""
    (top, above), (left, beside) = map(_meeting, spec.axes)
    return (top, left), (above, beside)


def _meeting(axis: Axis) -> tuple[slice, slice]:
    """The elements of an axis that are read, and the outputs, or the taps, that do: both go in equal steps."""
    step, count = (axis.stride, axis.outputs) if axis.taps == 1 else (axis.dilation, axis.taps)
    first = min(count, max(0, -(-axis.before // step)))
    last = max(first - 1, min(count - 1, (axis.size - 1 + axis.before) // step))
    begin = max(0, step * first - axis.before)
    return slice(begin, begin + step * (last - first) + 1 if last >= first else begin, step), slice(first, last + 1)


def _lengths(places: RowsAndColumns) -> tuple[int, int]:
    rows, columns = places
    return rows.stop - rows.start, columns.stop - columns.start


def _framed(part: Array, shape: tuple[int, ...], places: RowsAndColumns) -> Array:
    """The array of `shape` that has `part` at `places` and zeros elsewhere; `part` itself where it is all of it."""
    if part.shape == shape:
        return part
    whole = np.zeros(shape, part.dtype)
    whole[:, :, *places] = part
    return whole


def _by_group(planes: Array, spec: ConvSpec) -> Array:
    """(n, c, h, w) as (n, groups, c/groups, h * w), a view where the planes are whole."""
    n, channels, h, w = planes.shape
    return planes.reshape(n, spec.groups, channels // spec.groups, h * w)


def _side_by_side(planes: Array) -> Array:
    """(a, b, c, ...) as (a, b, rest)."""
    return planes.reshape(*planes.shape[:2], prod(planes.shape[2:]))


def _group_shape(spec: ConvSpec) -> tuple[int, int]:
    """(filters of a group, channels of a group)"""
    return spec.out_channels // spec.groups, spec.weight_shape[1]


def _count(spec: ConvSpec) -> int:
    """Places of X that are read, of one plane."""
    rows, columns = _lengths(_places(spec)[1])
    return rows * columns


def _copied(spec: ConvSpec) -> int:
    """Elements that are copied because a part of X is not read."""
    places = _count(spec)
    return 0 if places == spec.height * spec.width else spec.batch * spec.in_channels * places
