"""How large numbers and their sums can be, from above, and on which grid they lie."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.model import Array, ConvSpec

# Below these every integer has its own number in the format: 24 and 53 bits of mantissa.
FLOAT32_LIMIT = 2**24
FLOAT64_LIMIT = 2**53


def weight_bound(x: Array, grad_output: Array, spec: ConvSpec) -> float:
    """Not below the largest sum of absolute products in an entry of grad_weight: by norms, without a convolution.

    An element of X meets a tap once for each place at which the padding shows it.
    """
    groups = spec.groups
    mass_x, largest_x = (part.reshape(groups, 1, -1) for part in (sums(x), maxima(x)))
    mass_g, largest_g = (part.reshape(groups, -1, 1) for part in (sums(grad_output), maxima(grad_output)))
    return float(np.minimum(mass_g * largest_x, largest_g * mass_x * spec.readings).max())


def sums(planes: Array) -> Array:
    """Sum of |.| per channel, (c,)."""
    return np.asarray(sum(np.abs(sample).sum(axis=tuple(range(1, sample.ndim))) for sample in planes))


def maxima(planes: Array) -> Array:
    """Largest |.| per channel, (c,)."""
    others = (0, *range(2, planes.ndim))
    return np.asarray(np.maximum(planes.max(axis=others), -planes.min(axis=others)))


def above(bound: float) -> int:
    """A whole number not below a sum that was computed in float64 (exact below 2^53; else raised past its rounding)."""
    return int(bound) if bound < FLOAT64_LIMIT else int(bound * (1 + 2.0**-20)) + 1


def smallest(array: Array) -> float:
    """The smallest magnitude but 0; 1 for zeros."""
    sizes = np.abs(array[array != 0])
    return float(sizes.min()) if sizes.size else 1.0


def lowest_bit(array: Array) -> int:
    """The largest e for which every number is a whole multiple of 2^e; 0 for zeros."""
    mantissas, exponents = np.frexp(array[array != 0])
    if not mantissas.size:
        return 0
    whole = np.ldexp(mantissas, 53).astype(np.int64)
    _, places = np.frexp((whole & -whole).astype(np.float64))
    return int((exponents - 53 + places - 1).min())
