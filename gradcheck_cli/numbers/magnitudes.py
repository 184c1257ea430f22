"""How large numbers and their sums can be, from above, and on which grid they lie."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from gradcheck_cli.model import Array, ConvSpec

# Below these every integer has its own number in the format: 24 and 53 bits of mantissa.
FLOAT32_LIMIT = 2**24
FLOAT64_LIMIT = 2**53


# Numbers looked at together: what is computed of them stays in the cache, and no memory is asked for.
BLOCK = 2**16


class Magnitudes(NamedTuple):
    """Of each channel the sum of |.| and the largest |.|, (c,)."""

    sums: Array
    maxima: Array


def weight_bound(x: Magnitudes, grad_output: Magnitudes, spec: ConvSpec) -> float:
    """Not below the largest sum of absolute products in an entry of grad_weight: by norms, without a convolution.

    An element of X meets a tap once for each place at which the padding shows it.
    """
    groups = spec.groups
    mass_x, largest_x = (part.reshape(groups, 1, -1) for part in x)
    mass_g, largest_g = (part.reshape(groups, -1, 1) for part in grad_output)
    return float(np.minimum(mass_g * largest_x, largest_g * mass_x * spec.readings).max())


def measured(planes: Array) -> Magnitudes:
    """The magnitudes of planes (n, c, ...), in one pass over them; summed in float64 whatever their dtype."""
    channels = planes.shape[1]
    sums, maxima = np.zeros(channels), np.zeros(channels)
    workspace = np.empty(BLOCK)
    for sample in planes.reshape(len(planes), channels, -1):
        length = min(BLOCK, sample.shape[1])
        rows = max(1, BLOCK // length)
        for first, begin in product(range(0, channels, rows), range(0, sample.shape[1], length)):
            block = sample[first : first + rows, begin : begin + length]
            sizes = np.abs(block, out=workspace[: block.size].reshape(block.shape))
            sums[first : first + rows] += sizes.sum(axis=1)
            np.maximum(maxima[first : first + rows], sizes.max(axis=1), out=maxima[first : first + rows])
    return Magnitudes(sums, maxima)


def maxima(planes: Array) -> Array:
    """Largest |.| per channel, (c,)."""
    return measured(planes).maxima


def above(bound: float) -> int:
    """A whole number not below a sum that was computed in float64 (exact below 2^53; else raised past its rounding)."""
    return int(bound) if bound < FLOAT64_LIMIT else int(bound * (1 + 2.0**-20)) + 1


def smallest(array: Array) -> float:
    """The smallest magnitude but 0; 1 for zeros."""
    sizes = np.abs(array[array != 0])
    return float(sizes.min()) if sizes.size else 1.0


def lowest_bit(array: Array) -> int:
    """The largest e for which every number is a whole multiple of 2^e; 0 for zeros."""
    line = array.reshape(-1)
    blocks = (line[begin : begin + BLOCK] for begin in range(0, line.size, BLOCK))
    return min((_lowest_bit(block[block != 0]) for block in blocks if block.any()), default=0)


def _lowest_bit(numbers: Array) -> int:
    """Of numbers that are not 0, one at least."""
    mantissas, exponents = np.frexp(numbers)
    whole = np.ldexp(mantissas, 53).astype(np.int64)
    _, places = np.frexp((whole & -whole).astype(np.float64))
    return int((exponents - 53 + places - 1).min())
