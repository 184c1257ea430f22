"""numpy under the names that torch has too, so that one composition of a layer serves both.

A composition is written against a namespace `xp` and uses what the module `torch` and this one share: exp, log, log1p,
expm1, tanh, sigmoid, relu, sqrt, erf, where, maximum, amax, stack, concatenate, swapaxes, moveaxis, arange, ones, tril
..., the operators, and the methods sum, mean and reshape with `axis` and `keepdims`. Whoever holds torch hands `torch`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_erf = np.vectorize(math.erf, otypes=[np.float64])


def erf(x: Any) -> Any:
    """The error function. A complex argument is taken for a complex step: its imaginary part is carried to first order.

    The error of that is of the order of the imaginary part squared, so nothing where the step is 1e-20 or less.
    """
    values = np.asarray(x)
    if not np.iscomplexobj(values):
        return _erf(values)
    slope = 2 / math.sqrt(math.pi) * np.exp(-(values.real**2))
    return _erf(values.real) + 1j * values.imag * slope


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x). What overflows far out on the left is right all the same: 1 / infinity."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-np.asarray(x)))


def relu(x: Any) -> Any:
    """x where it is positive, else 0."""
    return np.where(np.asarray(x) > 0, x, 0.0)


class _Numpy:
    """Attributes of numpy, and what it lacks of the names that are used here."""

    erf = staticmethod(erf)
    sigmoid = staticmethod(sigmoid)
    relu = staticmethod(relu)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


# The namespace for numpy arrays; the one for tensors is the module `torch`.
NUMPY: Any = _Numpy()
