"""The gauge A of every gradient entry: the sum of the absolute values of its terms, which scales every bound.

All three are upper bounds in float64, above the exact sum by a relative 1e-6 at most. Pictures and lines are read one
row at a time, other forms tap by tap. Where |G| is one number, as that of an absolute error is, sums of |X| over what a
tap reads are all that is needed, and all samples have one A of dE/dX.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Array, ConvSpec
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF
from gradcheck_cli.oracles.frames import as_weight, entries, framed, met, unframed
from gradcheck_cli.oracles.sums import correlated, paired, scattered
from gradcheck_cli.oracles.windows import is_by_rows, row_pairs, windows_of_row


def gauge(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """A[o,i,u,v] = sum over n,p,q of |G[n,o,p,q]| * |X_padded[n, i, s*p + d*u, s*q + d*v]|, from above.

    Args:
        x: (n, c_in, h, w), not padded; of another form as `ConvSpec` says.
        grad_output: (n, c_out, h_out, w_out).
        spec: the geometry, of any form.

    Returns:
        (c_out, c_in/groups, kh, kw), float64; exactly 0 where every term is.
    """
    sizes = _absolute(grad_output)
    if _is_one_number(sizes) and not spec.transposed:
        of_x = np.broadcast_to(window_sums(_absolute(x), spec), entries(np.empty(spec.weight_shape), spec).shape)
        return _from_above(as_weight(sizes.flat[0] * of_x, spec), spec.terms)
    return _from_above(weight_sums(_absolute(x), sizes, spec), spec.terms)


def gauge_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """A of dE/dX: sum over o,u,v with s*p + d*u = r, s*q + d*v = c of |G[n,o,p,q]| * |F[o,i,u,v]|, from above.

    Args:
        weight: (c_out, c_in/groups, kh, kw); of another form as `ConvSpec` says.
        grad_output: (n, c_out, h_out, w_out).
        spec: the geometry, of any form.

    Returns:
        (n, c_in, h, w), float64.
    """
    sums = _input_by_rows if is_by_rows(spec) else correlated if spec.transposed else scattered
    sizes, taken = _absolute(grad_output), spec
    if _is_one_number(sizes):
        sizes, taken = sizes[:1], replace(spec, batch=1)
    of_taken = _from_above(sums(_absolute(weight), sizes, taken), spec.terms_of("input"))
    return np.ascontiguousarray(np.broadcast_to(of_taken, spec.x_shape))


def gauge_bias(grad_output: Array) -> Array:
    """A of dE/db: sum over n,p,q of |G[n,o,p,q]|, from above; (c_out,), float64."""
    sums = _absolute(grad_output).sum(axis=(0, *range(2, grad_output.ndim)))
    return _from_above(sums, grad_output.size // grad_output.shape[1])


def weight_sums(x: Array, factors: Array, spec: ConvSpec) -> Array:
    """X times numbers at the outputs, summed over all that a tap meets: (c_out, c_in/groups, kh, kw), float64.

    Args:
        x: (n, c_in, h, w), float64.
        factors: (n, c_out, h_out, w_out), float64.
        spec: the geometry, of any form.
    """
    return (_weight_by_rows if is_by_rows(spec) else paired)(x, factors, spec)


def window_sums(planes: Array, spec: ConvSpec) -> Array:
    """Sum of numbers >= 0, (n, c_in, ...), over all that a tap reads: (groups, 1, channels, ...), float64."""
    if spec.transposed:
        one_filter = replace(spec, out_channels=spec.groups)
        return entries(paired(planes.astype(np.float64), np.ones(one_filter.output_shape), one_filter), one_filter)
    sums = framed(planes, spec).sum(axis=0, dtype=np.float64)
    # An axis at a time, the first of those that are left: its sums for each tap stand last.
    for axis in spec.axes:
        sums = np.stack([sums[:, met(axis, tap)].sum(axis=1) for tap in range(axis.taps)], axis=-1)
    return np.asarray(sums.reshape(spec.groups, 1, -1, *spec.kernel_size))


def _is_one_number(sizes: Array) -> bool:
    return bool((sizes == sizes.flat[0]).all())


def _weight_by_rows(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    (_, w_out), (kh, kw), groups = spec.output_size, spec.kernel_size, spec.groups
    c_in, c_out = spec.in_channels // groups, spec.out_channels // groups
    x_padded, upstream = framed(x, spec), _rows_of(grad_output, spec)
    total = np.zeros((groups, kh, c_out, c_in, kw))
    for pairs in row_pairs(spec):
        windows = windows_of_row(x_padded, pairs.row, spec).reshape(spec.batch, groups, c_in * kw, w_out)
        rows = upstream[:, :, pairs.p].reshape(spec.batch, groups, -1, w_out)
        products = np.matmul(rows, windows.swapaxes(2, 3)).sum(axis=0)
        total[:, pairs.u] += products.reshape(groups, -1, c_out, c_in, kw)
    return total.transpose(0, 2, 3, 1, 4).reshape(spec.weight_shape)


def _input_by_rows(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    (_, w_out), (kh, kw), groups = spec.output_size, spec.kernel_size, spec.groups
    c_in, c_out = spec.in_channels // groups, spec.out_channels // groups
    kernel = weight.reshape(groups, c_out, c_in, kh, kw).transpose(0, 3, 1, 2, 4)
    kernel = np.ascontiguousarray(kernel).reshape(groups, kh, c_out, c_in * kw)
    upstream = _rows_of(grad_output, spec)
    total = np.zeros((*spec.x_shape[:2], *spec.padded_size))
    by_group = total.reshape(spec.batch, groups, c_in, *total.shape[2:])
    span = spec.stride[1] * (w_out - 1) + 1
    for pairs in row_pairs(spec):
        taps = kernel[:, pairs.u].reshape(groups, -1, c_in * kw).swapaxes(1, 2)
        rows = upstream[:, :, pairs.p].reshape(spec.batch, groups, -1, w_out)
        products = np.matmul(taps, rows).reshape(spec.batch, groups, c_in, kw, w_out)
        for v in range(kw):
            start = spec.dilation[1] * v
            by_group[:, :, :, pairs.row, start : start + span : spec.stride[1]] += products[:, :, :, v]
    return unframed(total, spec)


def _absolute(array: Array) -> Array:
    return np.abs(array).astype(np.float64, copy=False)


def _rows_of(grad_output: Array, spec: ConvSpec) -> Array:
    """G as (n, groups, h_out, c_out/groups, w_out), contiguous."""
    by_group = grad_output.reshape(spec.batch, spec.groups, -1, *spec.output_size)
    return np.ascontiguousarray(by_group.transpose(0, 1, 3, 2, 4))


def _from_above(total: Array, terms: int) -> Array:
    """The computed sum may be low by (n+2) u A, and by half a denormal for each product that underflows."""
    raised: Array = total * (1 + 2 * (terms + 2) * UNIT_ROUNDOFF["float64"])
    return raised
