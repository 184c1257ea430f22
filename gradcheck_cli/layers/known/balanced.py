"""Rows on which a normalisation is exact: as many +s as -s, with s so large that eps is rounded away beside s^2."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.model import Array

# s = 2^24 and larger, another for each row: mean 0, variance s^2, and std = s, all without rounding in float64.
_SMALLEST = 24
# Half a unit in the last place of s^2 is at least 2^-5: what is added to it, up to here, changes nothing.
LOST = 2.0**-6


def balanced(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """(rows, columns) in float64; `columns` is even."""
    signs = np.array([rng.permutation([1.0, -1.0] * (columns // 2)) for _ in range(rows)])
    return np.asarray(signs * 2.0 ** (_SMALLEST + np.arange(rows))[:, None], np.float64)


def power_of_two(size: int) -> int:
    """The largest that is not above `size`, at least 2: dividing by it rounds nothing."""
    return max(2, 1 << (size.bit_length() - 1))


def digits(rng: np.random.Generator, *shape: int) -> Array:
    """Whole numbers from 1 to 4."""
    return np.asarray(rng.integers(1, 5, shape), np.float64)
