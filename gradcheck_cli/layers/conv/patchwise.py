"""Direct summation by patches: for small kernels with many filters.

The windows of a block of outputs are copied side by side, one column per output, and one matrix product sums over
the block. The copies are cheap beside the products as long as every copy is used by many filters. Blocks bound the
memory. Only the products of the definition are made.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from gradcheck_cli.layers.conv.cost import Effort
from gradcheck_cli.layers.conv.geometry import crop, pad
from gradcheck_cli.model import Array, ConvSpec

BLOCK_TERMS = 2048
"""Outputs in a block, at most: long enough sums for the matrix product, short enough to be copied within the cache."""

BLOCK_ELEMENTS = (1 << 16, 1 << 20)
"""Elements in a block of patches: as many as the layer has itself, within these limits. It bounds the memory."""


def grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dF as in `conv.grad_weight`: G (filters, terms) times patches (taps, terms) transposed, block by block."""
    groups, (channels, kh, kw) = spec.groups, spec.weight_shape[1:]
    filters = spec.out_channels // groups
    windows = _windows(pad(x, spec), spec)
    grads = _channels_first(grad_output, groups)
    total = np.zeros((groups, filters, channels, kh * kw), dtype=np.result_type(x, grad_output))
    rows = _rows_of_a_block(spec)
    for p in range(0, spec.output_size[0], rows):
        upstream = grads[..., p : p + rows, :].reshape(groups, filters, -1)
        step = _channels_of_a_block(spec, upstream.shape[-1])
        for i in range(0, channels, step):
            patches = windows[:, i : i + step, ..., p : p + rows, :].reshape(groups, -1, upstream.shape[-1])
            product = upstream @ patches.swapaxes(-1, -2)
            total[:, :, i : i + step] += product.reshape(groups, filters, -1, kh * kw)
    return total.reshape(spec.weight_shape)


def grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dX as in `conv.grad_input`: kernel (taps, filters) times G (filters, terms) gives patches, added in place."""
    groups, (channels, kh, kw) = spec.groups, spec.weight_shape[1:]
    kernel = weight.reshape(groups, spec.out_channels // groups, channels, kh * kw)
    grads = _channels_first(grad_output, groups)
    padded = np.zeros((*spec.x_shape[:2], *spec.padded_size), dtype=np.result_type(weight, grad_output))
    windows = _windows(padded, spec)
    rows = _rows_of_a_block(spec)
    for p in range(0, spec.output_size[0], rows):
        block = grads[..., p : p + rows, :]
        upstream = block.reshape(*block.shape[:2], -1)
        step = _channels_of_a_block(spec, upstream.shape[-1])
        for i in range(0, channels, step):
            taps = kernel[:, :, i : i + step].reshape(*kernel.shape[:2], -1)
            patches = taps.swapaxes(-1, -2) @ upstream
            _add_patches(windows[:, i : i + step, ..., p : p + rows, :], patches)
    return np.ascontiguousarray(crop(padded, spec))


def grad_weight_effort(spec: ConvSpec) -> Effort:
    """What `grad_weight` does, for the rule of `cost`."""
    taps, filters = _taps(spec), spec.out_channels // spec.groups
    blocks = _blocks(spec)
    product = Effort.product(spec.groups, filters, taps / blocks.channels, spec.terms / blocks.rows)
    lines, read, written = spec.batch * spec.output_size[0], spec.groups * taps, spec.out_channels
    moved = Effort.windows(read * spec.terms, read * lines, spec.stride[1])
    moved += Effort(copied=written * spec.terms, runs=written * lines, steps=1)
    return (product + Effort(steps=1)).times(blocks.rows * blocks.channels) + moved


def grad_input_effort(spec: ConvSpec) -> Effort:
    """What `grad_input` does, for the rule of `cost`."""
    taps, filters = _taps(spec), spec.out_channels // spec.groups
    blocks = _blocks(spec)
    product = Effort.product(spec.groups, taps / blocks.channels, spec.terms / blocks.rows, filters)
    added = spec.groups * taps
    return (product + Effort(steps=1 + prod(spec.kernel_size))).times(blocks.rows * blocks.channels) + Effort(
        results=2 * added * spec.terms, runs=added * spec.batch * spec.output_size[0], steps=1
    )


def _add_patches(windows: Array, patches: Array) -> None:
    """windows += patches, tap by tap: windows of one tap never overlap, those of two taps do."""
    kh, kw = windows.shape[2:4]
    shaped = patches.reshape(windows.shape)
    for u in range(kh):
        for v in range(kw):
            windows[:, :, u, v] += shaped[:, :, u, v]


def _windows(padded: Array, spec: ConvSpec) -> Array:
    """View (groups, channels, kh, kw, n, h_out, w_out) of a padded input: element (s*p + d*u, s*q + d*v) for all."""
    channels, kh, kw = spec.weight_shape[1:]
    image, channel, row, column = padded.strides
    (sh, sw), (dh, dw) = spec.stride, spec.dilation
    return as_strided(
        padded,
        shape=(spec.groups, channels, kh, kw, spec.batch, *spec.output_size),
        strides=(channel * channels, channel, row * dh, column * dw, image, row * sh, column * sw),
    )


def _channels_first(grad_output: Array, groups: int) -> Array:
    """View of G as (groups, filters of a group, n, h_out, w_out)."""
    n, c_out, h_out, w_out = grad_output.shape
    return grad_output.reshape(n, groups, c_out // groups, h_out, w_out).transpose(1, 2, 0, 3, 4)


def _rows_of_a_block(spec: ConvSpec) -> int:
    """Output rows in a block: all images, BLOCK_TERMS outputs."""
    return max(1, BLOCK_TERMS // (spec.batch * spec.output_size[1]))


def _channels_of_a_block(spec: ConvSpec, terms: int) -> int:
    """Channels of each group in a block of so many terms."""
    smallest, largest = BLOCK_ELEMENTS
    elements = min(largest, max(smallest, prod(spec.x_shape) + prod(spec.output_shape)))
    return max(1, elements // (spec.groups * spec.kernel_size[0] * spec.kernel_size[1] * terms))


class BlockCounts(NamedTuple):
    """In how many parts the output rows and the channels are taken."""

    rows: int
    channels: int


def _blocks(spec: ConvSpec) -> BlockCounts:
    rows = _rows_of_a_block(spec)
    channels = _channels_of_a_block(spec, min(rows, spec.output_size[0]) * spec.batch * spec.output_size[1])
    return BlockCounts(-(-spec.output_size[0] // rows), -(-spec.weight_shape[1] // channels))


def _taps(spec: ConvSpec) -> int:
    """Kernel entries of a filter."""
    return prod(spec.weight_shape[1:])
