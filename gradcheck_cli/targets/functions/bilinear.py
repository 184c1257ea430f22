"""Is a function's output a product of two of its arrays, as a convolution's is of X and F? Told by running it."""

from __future__ import annotations

import itertools
from contextlib import suppress

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.form import Values, WrittenFunction, is_real

# Of a function with more arrays, only the first few are looked at: X and F stand in front of what is added.
_MOST_ARRAYS = 4
# (s, t): a product grows by s * t; some are negative, for max(0, .) is no product.
_FACTORS = ((2.0, 1.0), (1.0, 3.0), (-1.0, 1.0), (1.0, -2.0), (0.0, 1.0), (1.0, 0.0))
_CLOSE = 1e-6


def is_bilinear(form: WrittenFunction, values: Values, has_windows: bool = False) -> bool:
    """Whether its first output is linear in each of two arrays, up to what is added, and no plain matrix product.

    Args:
        has_windows: its text reads windows of an array: with a kernel of one number a convolution scales, too.
    """
    arrays = [name for name, value in values.items() if isinstance(value, np.ndarray) and _is_varied(value)]
    for one, other in itertools.combinations(arrays[:_MOST_ARRAYS], 2):
        may_scale = has_windows and 1 in {np.asarray(values[name]).size for name in (one, other)}
        if _multiplies(form, values, one, other, may_scale):
            return True
    return False


def _is_varied(array: Array) -> bool:
    return is_real(array) and array.ndim > 0


def _multiplies(form: WrittenFunction, values: Values, one: str, other: str, may_scale: bool) -> bool:
    first, second = np.asarray(values[one]), np.asarray(values[other])

    def forward(by_one: float, by_other: float) -> Array:
        return np.asarray(form.forward({**values, one: by_one * first, other: by_other * second})[0])

    try:
        added = forward(0.0, 0.0)
        product = forward(1.0, 1.0) - added
        if not np.any(product) or (not may_scale and _is_matrix_product(product, first, second)):
            return False
        return all(_close(forward(*by) - added, by[0] * by[1] * product) for by in _FACTORS)
    except Exception:  # it is evidence only
        return False


def _is_matrix_product(product: Array, first: Array, second: Array) -> bool:
    """x @ w and its transposed forms, and the product entry by entry: dense layers, scalings of rows and of columns."""
    for one, other in ((first, second), (second, first)):
        behind = [other.reshape(*other.shape, *(1,) * more) for more in range(1, one.ndim - other.ndim + 1)]
        for factor, multiply in itertools.product((other, other.T, *behind), (np.matmul, np.multiply)):
            # Where the one has no shapes for it, the other may have.
            with suppress(ValueError):
                if _close(product, multiply(one, factor)):
                    return True
    return False


def _close(actual: Array, expected: Array) -> bool:
    scale = float(np.abs(expected).max(initial=0.0))
    return actual.shape == expected.shape and np.allclose(actual, expected, rtol=_CLOSE, atol=_CLOSE * scale)
