"""How the oracles walk over the padded picture: which row and column a kernel entry meets. No arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

from numpy.lib.stride_tricks import as_strided

from gradcheck_cli.model import Array, ConvSpec


def is_by_rows(spec: ConvSpec) -> bool:
    """Whether the padded input is a picture or a line, which is walked over row by row."""
    return not spec.transposed and len(spec.kernel_size) == 2


@dataclass(frozen=True)
class RowPairs:
    """Row `row` of the padded input is met by the k-th kernel row of `u` at the k-th output row of `p` (u falls)."""

    row: int
    p: slice
    u: slice


def row_pairs(spec: ConvSpec) -> Iterator[RowPairs]:
    """For each row of the padded input that any window reaches: all (p, u) with s*p + d*u = row, as two slices."""
    stride, dilation = spec.stride[0], spec.dilation[0]
    common = gcd(stride, dilation)
    step_p, step_u = dilation // common, stride // common
    for row in range(stride * (spec.output_size[0] - 1) + dilation * (spec.kernel_size[0] - 1) + 1):
        pairs = _pairs_of_row(row, spec)
        if pairs:
            (first_p, highest_u), (last_p, lowest_u) = pairs[0], pairs[-1]
            falling = slice(highest_u, lowest_u - 1 if lowest_u else None, -step_u)
            yield RowPairs(row, slice(first_p, last_p + 1, step_p), falling)


def _pairs_of_row(row: int, spec: ConvSpec) -> list[tuple[int, int]]:
    stride, dilation = spec.stride[0], spec.dilation[0]
    lowest = max(0, -(-(row - dilation * (spec.kernel_size[0] - 1)) // stride))
    highest = min(spec.output_size[0] - 1, row // stride)
    return [
        (p, (row - stride * p) // dilation) for p in range(lowest, highest + 1) if (row - stride * p) % dilation == 0
    ]


def windows_of_row(x_padded: Array, row: int, spec: ConvSpec) -> Array:
    """A view (n, c_in, kw, w_out) of one row of the padded input: element [.., v, q] is column s*q + d*v."""
    line = x_padded[:, :, row, :]
    shape = (*line.shape[:2], spec.kernel_size[1], spec.output_size[1])
    step = line.strides[2]
    strides = (*line.strides[:2], step * spec.dilation[1], step * spec.stride[1])
    return as_strided(line, shape, strides, writeable=False)
