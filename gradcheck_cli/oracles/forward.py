"""The convolution itself in numpy, float64, with a bound on its own rounding. No gradient here.

    O[n,o,p,q] = b[o] + sum over i,u,v of F[o,i,u,v] * X_padded[n, i, s*p + d*u, s*q + d*v]

Of a picture one input row is read at a time, so the memory beside O is a few rows; with small kernels and many filters
a few output rows, with all that they meet; other forms go tap by tap.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from gradcheck_cli.model import Array, ConvSpec
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF
from gradcheck_cli.oracles.frames import entries, framed
from gradcheck_cli.oracles.sums import correlated, scattered
from gradcheck_cli.oracles.windows import is_by_rows, row_pairs, windows_of_row

# A number that is added to an output, with all that a row asks for, takes as long as so many that are copied.
ADDED = 2
# Numbers copied at a time: 2 MiB, so that they are still in the cache when they are multiplied.
LARGEST_COPY = 2**18


def forward(x: Array, weight: Array, bias: Array, spec: ConvSpec) -> Array:
    """O by the formula above, in float64: exact on integers as long as sum |X||F| + |b| < 2^53.

    Args:
        x: (n, c_in, h, w), not padded.
        weight: (c_out, c_in/groups, kh, kw).
        bias: (c_out,).
        spec: the geometry, of any form.

    Returns:
        (n, c_out, h_out, w_out), float64.
    """
    x, weight, bias = (np.asarray(array, np.float64) for array in (x, weight, bias))
    return _way_for(spec)(x, weight, bias, spec)


def _way_for(spec: ConvSpec) -> Callable[[Array, Array, Array, ConvSpec], Array]:
    """By rows each output is added to once for each kernel row; by patches each number is copied for each tap."""
    if not is_by_rows(spec):
        return _by_taps
    (kh, kw), channels = spec.kernel_size, spec.in_channels // spec.groups
    filters = spec.out_channels // spec.groups
    return _by_patches if channels * kh * kw < ADDED * (channels * kw + kh * filters) else _by_rows


def _by_patches(x: Array, weight: Array, bias: Array, spec: ConvSpec) -> Array:
    n, groups, (h_out, w_out) = spec.batch, spec.groups, spec.output_size
    kernels = weight.reshape(groups, spec.out_channels // groups, -1)
    taps = kernels.shape[2]
    windows = _windows(framed(x, spec), spec)
    output = np.empty((n, groups, kernels.shape[1], h_out, w_out))
    rows = max(1, LARGEST_COPY // (taps * w_out))
    for sample, first in product(range(n), range(0, h_out, rows)):
        patches = windows[sample, ..., first : first + rows, :].reshape(groups, taps, -1)
        block = output[sample, :, :, first : first + rows]
        block[...] = (kernels @ patches).reshape(block.shape)
    output += bias.reshape(groups, -1, 1, 1)
    return output.reshape(spec.output_shape)


def _windows(frame: Array, spec: ConvSpec) -> Array:
    """A view (n, groups, c_in/groups, kh, kw, h_out, w_out) of the padded input: element (s*p + d*u, s*q + d*v)."""
    image, channel, row, column = frame.strides
    (stride_h, stride_w), (dilation_h, dilation_w) = spec.stride, spec.dilation
    channels = spec.in_channels // spec.groups
    return as_strided(
        frame,
        (spec.batch, spec.groups, channels, *spec.kernel_size, *spec.output_size),
        (image, channels * channel, channel, dilation_h * row, dilation_w * column, stride_h * row, stride_w * column),
        writeable=False,
    )


def _by_rows(x: Array, weight: Array, bias: Array, spec: ConvSpec) -> Array:
    x_padded = framed(x, spec)
    n, groups = spec.batch, spec.groups
    (h_out, w_out), (kh, kw) = spec.output_size, spec.kernel_size
    c_in, c_out = spec.in_channels // groups, spec.out_channels // groups
    kernel_rows = weight.reshape(groups, c_out, c_in, kh, kw)
    kernel_rows = np.ascontiguousarray(kernel_rows.transpose(0, 3, 1, 2, 4)).reshape(groups, kh, c_out, c_in * kw)
    output = np.empty((n, groups, c_out, h_out, w_out))
    output[...] = bias.reshape(groups, c_out, 1, 1)
    by_row = output.transpose(0, 1, 3, 2, 4)
    for pairs in row_pairs(spec):
        windows = windows_of_row(x_padded, pairs.row, spec).reshape(n, groups, c_in * kw, w_out)
        rows = kernel_rows[:, pairs.u].reshape(groups, -1, c_in * kw)
        by_row[:, :, pairs.p] += np.matmul(rows, windows).reshape(n, groups, -1, c_out, w_out)
    return output.reshape(spec.output_shape)


def _by_taps(x: Array, weight: Array, bias: Array, spec: ConvSpec) -> Array:
    sums = (scattered if spec.transposed else correlated)(weight, x, spec)
    return np.asarray(sums + bias.reshape(-1, *[1] * (sums.ndim - 2)))


def forward_terms(spec: ConvSpec) -> int:
    """Numbers that are added up to one output: n_f = c_in/groups * kh * kw products, and the bias."""
    return spec.in_channels // spec.groups * prod(spec.kernel_size) + 1


def forward_bound(x: Array, weight: Array, bias: Array, spec: ConvSpec) -> Array:
    """How far `forward` may be from the exact O: (n_f + 2) u (sum |X||F| + |b|).

    Args: as `forward`.

    Returns:
        (n, c_out, 1, 1), float64, >= 0; one axis more for three.

    Source:
        docs/mathematics.md, "Rounding".
    """
    bound: Array = (forward_terms(spec) + 2) * UNIT_ROUNDOFF["float64"] * forward_gauge(x, weight, bias, spec)
    return bound


def forward_gauge(x: Array, weight: Array, bias: Array, spec: ConvSpec) -> Array:
    """Not below sum |X||F| + |b| of any output: sum over i of max |X[n,i]| * sum over u,v of |F[o,i,u,v]|, and |b|.

    Args: as `forward`.

    Returns:
        (n, c_out, 1, 1), float64, >= 0; one axis more for three.
    """
    groups, places = spec.groups, tuple(range(2, x.ndim))
    largest = np.abs(x).max(axis=places).astype(np.float64).reshape(spec.batch, groups, 1, -1)
    kernels = entries(np.abs(weight), spec)
    mass = kernels.reshape(*kernels.shape[:3], -1).sum(axis=3, dtype=np.float64)[None]
    size = (largest * mass).sum(axis=3).reshape(spec.batch, spec.out_channels) + np.abs(bias).astype(np.float64)
    return np.asarray((1 + 1e-9) * size).reshape(spec.batch, spec.out_channels, *[1] * len(places))
