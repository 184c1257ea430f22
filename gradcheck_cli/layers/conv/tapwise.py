"""Direct summation by taps: for depthwise layers with small kernels.

On a row-major picture a tap is a shift. G, its rows widened by zeros to the width of the input's rows, times the
shifted input sums one tap without copying a window. All taps of a kernel row are one stack of matrix products (inner
products, in a depthwise layer) on overlapping views of one array.

The widening zeros meet input elements that the definition does not multiply. For finite numbers that adds exact
zeros; an infinite or undefined input element spoils more taps than it should, which `direct` mends.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from gradcheck_cli.layers.conv.cost import Effort
from gradcheck_cli.layers.conv.geometry import Phase, phases
from gradcheck_cli.model import Array, Axis, ConvSpec


def grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dF as in `conv.grad_weight`: for every phase of the stride, one stack of products per kernel row."""
    vertical, horizontal = spec.axes
    width = _row_width(horizontal)
    grads = _flat(grad_output, width).reshape(spec.groups, 1, spec.out_channels // spec.groups, -1)
    total = np.zeros((*grads.shape[::2], *spec.weight_shape[1:]), dtype=np.result_type(x, grad_output))
    row_length = spec.batch * width
    for columns in phases(horizontal):
        for rows in phases(vertical):
            phase = x[:, :, rows.start :: spec.stride[0], columns.start :: spec.stride[1]]
            shifted = _shifted(phase, width, columns, spec.groups)
            for u, shift in zip(rows.taps, rows.shifts, strict=True):
                first, last = max(0, -shift), min(vertical.outputs, phase.shape[2] - shift)
                upstream = grads[..., first * row_length : max(first, last) * row_length]
                begin = (first + shift) * row_length
                seen = shifted[..., begin : begin + upstream.shape[-1]]
                products = upstream @ seen.swapaxes(-1, -2)
                total[..., u, columns.taps.start :: columns.taps.step] = products.transpose(0, 2, 3, 1)
    return total.reshape(spec.weight_shape)


def grad_weight_effort(spec: ConvSpec) -> Effort:
    """What `grad_weight` does, for the rule of `cost`."""
    (filters, channels, kh, kw), (sh, sw) = spec.weight_shape, spec.stride
    width, phases = _row_width(spec.axes[1]), min(sh, kh) * min(sw, kw)
    rows_of_x = phases * spec.in_channels * (spec.height // sh)
    rows = spec.batch * (rows_of_x + spec.out_channels * spec.output_size[0])
    terms = spec.batch * spec.output_size[0] * width
    products = Effort.product(spec.groups * kw, filters // spec.groups, channels, terms).times(kh)
    return products + Effort(copied=rows * width, runs=rows, steps=kh * min(sw, kw) + phases)


def _shifted(phase: Array, width: int, columns: Phase, groups: int) -> Array:
    """View (groups, taps of a kernel row, channels, elements): the flat rows of `phase`, shifted to each tap."""
    front, back = max(0, -columns.shifts[0]), max(0, columns.shifts[-1])
    flat = _flat(phase, width, front, back)
    channels = flat.shape[0] // groups
    channel, element = flat.strides
    return as_strided(
        flat[:, front + columns.shift :],
        shape=(groups, len(columns.taps), channels, flat.shape[1] - front - back),
        strides=(channel * channels, columns.shift_step * element, channel, element),
    )


def _flat(planes: Array, width: int, front: int = 0, back: int = 0) -> Array:
    """Planes (n, c, h, w) as (c, front + h * n * width + back): rows of all images in turn, zeros between them."""
    n, c, h, w = planes.shape
    if n == 1 and w == width and front == back == 0:
        return planes.reshape(c, h * w)
    flat = np.zeros((c, front + h * n * width + back), dtype=planes.dtype)
    body = flat[:, front : front + h * n * width].reshape(c, h, n, width)
    body[..., :w] = planes.transpose(1, 2, 0, 3)
    return flat


def _row_width(horizontal: Axis) -> int:
    """Width of a row and the zeros behind it: enough for taps to its right and to the left of the next row."""
    return max(horizontal.outputs, *(_phase_width(horizontal, phase) for phase in phases(horizontal)))


def _phase_width(horizontal: Axis, phase: Phase) -> int:
    size = len(range(phase.start, horizontal.size, horizontal.stride))
    return size + max(0, -phase.shifts[0], phase.shifts[-1] + horizontal.outputs - size)
