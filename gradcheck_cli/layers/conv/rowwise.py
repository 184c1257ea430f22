"""Direct summation by rows: for large kernels, and the forward of all.

A row of the input meets up to kh rows of G, or of O. Within that row one matrix product sums over the columns for all
taps, channels and filters at once, so what is copied per product falls with the height of the kernel. `forward` and
`grad_weight` make only the products of the definition; `grad_input` adds products of zeros between the elements of a
row of G, harmless for finite kernels, and `direct` mends the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from gradcheck_cli.layers.conv.cost import Effort
from gradcheck_cli.layers.conv.geometry import phases
from gradcheck_cli.model import Array, Axis, ConvSpec

# Numbers of a row from which on it makes no difference to a sum whether rows lie together.
LONG_ROW = 1024


def forward(x: Array, weight: Array, spec: ConvSpec) -> Array:
    """The sums of O: sum over i,u,v of F[o,i,u,v] * X_padded[n, i, s*p + d*u, s*q + d*v].

    For every input row, the kernel times its windows, which gives parts of kh rows of O.

    Args:
        x: (n, c_in, h, w), not padded.
        weight: (c_out, c_in/groups, kh, kw).
        spec: the geometry of a plain layer.

    Returns:
        (n, c_out, h_out, w_out), without the bias, in the dtype of the arguments; exact on integers.

    Source: `definition` spells it out.
    """
    (filters, channels, kh, kw), groups = _group_shape(spec), spec.groups
    kernel = weight.reshape(groups, filters, channels, kh, kw).transpose(0, 3, 1, 2, 4)
    kernel = np.ascontiguousarray(kernel).reshape(groups, kh, filters, channels * kw)
    h_out, w_out = spec.output_size
    total = np.zeros((h_out, groups, filters, spec.batch, w_out), dtype=np.result_type(x, weight))
    from_last = total[::-1]
    line = np.zeros((spec.in_channels, spec.batch, spec.padded_size[1]), dtype=x.dtype)
    inside = line[..., spec.padding[1] : spec.padding[1] + spec.width]
    windows = _windows(line, spec)
    for row, taps, outputs in _meetings(spec.axes[0]):
        inside[...] = x[:, :, row].swapaxes(0, 1)
        left = kernel[:, taps].reshape(groups, -1, channels * kw)
        product = left @ windows.reshape(groups, channels * kw, -1)
        from_last[outputs] += product.reshape(groups, -1, *total.shape[2:]).swapaxes(0, 1)
    return np.ascontiguousarray(total.transpose(3, 1, 2, 0, 4)).reshape(spec.output_shape)


def grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dF as in `conv.grad_weight`: for every input row, (terms of the row) x (taps) products in one call."""
    (filters, channels, kh, kw), groups = _group_shape(spec), spec.groups
    grads = _rows_of_grad_output(grad_output, spec)
    total = np.zeros((groups, channels * kw, kh, filters), dtype=np.result_type(x, grad_output))
    line = np.zeros((spec.in_channels, spec.batch, spec.padded_size[1]), dtype=x.dtype)
    inside = line[..., spec.padding[1] : spec.padding[1] + spec.width]
    windows = _windows(line, spec)
    for row, taps, outputs in _meetings(spec.axes[0]):
        inside[...] = x[:, :, row].swapaxes(0, 1)
        left = windows.reshape(groups, channels * kw, -1)
        right = grads[:, :, outputs].reshape(groups, left.shape[-1], -1)
        total[:, :, taps] += (left @ right).reshape(groups, channels * kw, -1, filters)
    ordered = total.reshape(groups, channels, kw, kh, filters).transpose(0, 4, 1, 3, 2)
    return np.ascontiguousarray(ordered).reshape(spec.weight_shape)


def grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dX as in `conv.grad_input`: every row of G, spread to its windows, times the kernel gives kh input rows."""
    (filters, channels, kh, kw), groups = _group_shape(spec), spec.groups
    n, (height, width), (ph, pw) = spec.batch, spec.padded_size, spec.padding
    kernel = weight.reshape(groups, filters, channels, kh, kw).transpose(0, 3, 2, 1, 4)
    left = kernel.reshape(groups, kh * channels, filters * kw)
    total = _zeros_by_row((n, groups, channels, height, width), np.result_type(weight, grad_output))
    spread = np.zeros((spec.out_channels, kw, n, width), dtype=grad_output.dtype)
    diagonal = _diagonal(spread, spec)
    for row in range(spec.output_size[0]):
        diagonal[...] = grad_output[:, :, row].swapaxes(0, 1)[:, None]
        product = left @ spread.reshape(groups, filters * kw, -1)
        top = row * spec.stride[0]
        reached = total[top : top + spec.extent[0] : spec.dilation[0]]
        reached += product.reshape(groups, kh, *total.shape[2:]).swapaxes(0, 1)
    inner = total[ph : ph + spec.height, ..., pw : pw + spec.width]
    return np.ascontiguousarray(inner.transpose(3, 1, 2, 0, 4)).reshape(spec.x_shape)


def grad_weight_effort(spec: ConvSpec) -> Effort:
    """What `grad_weight` does, for the rule of `cost`."""
    (filters, channels, kh, kw), (h_out, w_out) = _group_shape(spec), spec.output_size
    # Rows at the border of the input meet fewer rows of G.
    rows_met = min(kh, kh * h_out / spec.height)
    taps, terms = channels * kw, spec.batch * w_out
    row = Effort.product(spec.groups, taps, rows_met * filters, terms)
    stretches = spec.groups * taps * spec.batch
    moved = Effort.windows(stretches * w_out, stretches, spec.stride[1])
    ordered = spec.out_channels * terms * h_out + spec.groups * taps * kh * filters
    return (row + moved + Effort(steps=1)).times(spec.height) + Effort(scattered=ordered)


def grad_input_effort(spec: ConvSpec) -> Effort:
    """What `grad_input` does, for the rule of `cost`."""
    (filters, channels, kh, kw), width = _group_shape(spec), spec.batch * spec.padded_size[1]
    row = Effort.product(spec.groups, channels * kh, width, filters * kw)
    stretches = spec.out_channels * kw * spec.batch
    return (row + Effort(copied=stretches * spec.output_size[1], runs=stretches, steps=1)).times(spec.output_size[0])


def _zeros_by_row(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Zeros (n, groups, channels, h, w) seen as (h, groups, channels, n, w).

    Rows lie together, which adds fastest; long ones lie in their planes, which takes no second array at the end.
    """
    n, groups, channels, height, width = shape
    if width >= LONG_ROW:
        return np.zeros(shape, dtype).transpose(3, 1, 2, 0, 4)
    return np.zeros((height, groups, channels, n, width), dtype)


def _group_shape(spec: ConvSpec) -> tuple[int, int, int, int]:
    """(filters of a group, channels of a group, kh, kw)"""
    channels, kh, kw = spec.weight_shape[1:]
    return spec.out_channels // spec.groups, channels, kh, kw


def _meetings(axis: Axis) -> Iterator[tuple[int, slice, slice]]:
    """Every input row that is read, with its taps and, from the last to the first, their outputs."""
    for phase in phases(axis):
        for element, row in enumerate(range(phase.start, axis.size, axis.stride)):
            meeting = phase.meetings(element, axis.outputs)
            if meeting is not None:
                yield row, *meeting


def _rows_of_grad_output(grad_output: Array, spec: ConvSpec) -> Array:
    """G as (groups, n * w_out, h_out from last to first, filters of a group): rows that meet lie side by side."""
    n, c_out, h_out, w_out = spec.output_shape
    grouped = grad_output[:, :, ::-1].reshape(n, spec.groups, c_out // spec.groups, h_out, w_out)
    ordered = np.ascontiguousarray(grouped.transpose(1, 0, 4, 3, 2))
    return ordered.reshape(spec.groups, n * w_out, h_out, c_out // spec.groups)


def _windows(line: Array, spec: ConvSpec) -> Array:
    """View of padded rows (c_in, n, w) as (c_in, kw, n, w_out): element [i, v, n, q] is line[i, n, s*q + d*v]."""
    channel, image, column = line.strides
    return as_strided(
        line,
        shape=(spec.in_channels, spec.kernel_size[1], spec.batch, spec.output_size[1]),
        strides=(channel, column * spec.dilation[1], image, column * spec.stride[1]),
    )


def _diagonal(spread: Array, spec: ConvSpec) -> Array:
    """View of (c_out, kw, n, w) as (c_out, kw, n, w_out): element [o, v, n, q] is spread[o, v, n, s*q + d*v]."""
    channel, tap, image, column = spread.strides
    return as_strided(
        spread,
        shape=(spec.out_channels, spec.kernel_size[1], spec.batch, spec.output_size[1]),
        strides=(channel, tap + column * spec.dilation[1], image, column * spec.stride[1]),
    )
