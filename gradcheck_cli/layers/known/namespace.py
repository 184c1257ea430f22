"""numpy under the names that torch has too, so that one composition of a layer serves both.

A composition is written against a namespace `xp` and uses what the module `torch` and this one share: exp, log, log1p,
expm1, tanh, sqrt, erf, where, maximum, amax, stack, concatenate, swapaxes, moveaxis, arange, ones, tril ..., the
operators, and the methods sum, mean and reshape with `axis` and `keepdims`. Whoever holds torch hands `torch` itself.
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


class _Numpy:
    """Attributes of numpy, and `erf`, which numpy lacks."""

    erf = staticmethod(erf)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


# The namespace for numpy arrays; the one for tensors is the module `torch`.
NUMPY: Any = _Numpy()
