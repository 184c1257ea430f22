"""The referee: the three gradients written straight from their definition, slowly and readably. No cleverness here.

On whole numbers everything is summed as int64, which no order of summation can change; else as float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec, GradientName
from gradcheck_cli.oracles.gauge import (
    gauge as gauge,
    gauge_bias as gauge_bias,
    gauge_input as gauge_input,
)
from gradcheck_cli.oracles.sums import correlated, paired, scattered

# Half of what int64 holds: the bound on the sum is itself rounded.
LARGEST_SUM = 2.0**62


def grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dF[o,i,u,v] = sum over n,p,q of G[n,o,p,q] * X_padded[n, i, s*p + d*u, s*q + d*v].

    A transposed layer reads G where another reads X: dE/dF[i,o,u,v] = sum over X[n,i,p,q] * G_framed[n, o, ...].

    Args:
        x: (n, c_in, h, w), not padded; of another form as `ConvSpec` says.
        grad_output: (n, c_out, h_out, w_out).
        spec: the geometry, of any form.

    Returns:
        (c_out, c_in/groups, kh, kw); int64 where both arrays hold whole numbers and the sums fit, else float64.
    """
    x, grad_output = _carriers(x, grad_output, spec.terms)
    return paired(x, grad_output, spec)


def grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dX[n,i,r,c] = sum over o,u,v with s*p + d*u = r, s*q + d*v = c of G[n,o,p,q] * F[o,i,u,v].

    Where the padding shows an element of X again, what comes to the copy is added to it. A transposed layer has
    dE/dX[n,i,p,q] = sum over o,u,v of F[i,o,u,v] * G_framed[n, o, s*p + d*u, s*q + d*v].

    Args:
        weight: (c_out, c_in/groups, kh, kw), or (c_in, c_out/groups, kh, kw) of a transposed layer.
        grad_output: (n, c_out, h_out, w_out).
        spec: the geometry, of any form.

    Returns:
        (n, c_in, h, w), the border of the padding cut off; int64 or float64 as `grad_weight`.
    """
    weight, grad_output = _carriers(weight, grad_output, spec.terms_of("input"))
    return correlated(weight, grad_output, spec) if spec.transposed else scattered(weight, grad_output, spec)


def grad_bias(grad_output: Array) -> Array:
    """dE/db[o] = sum over n,p,q of G[n,o,p,q]; (c_out,), int64 or float64 as `grad_weight`."""
    terms = grad_output.size // grad_output.shape[1]
    carrier, _ = _carriers(grad_output, np.ones(1), terms)
    return np.asarray(carrier.sum(axis=(0, *range(2, carrier.ndim))))


# Each of them of a whole case, by the name of the gradient: the sum, and its gauge A.
GRADIENT: Mapping[GradientName, Callable[[Case], Array]] = {
    "weight": lambda case: grad_weight(case.x, case.grad_output, case.spec),
    "input": lambda case: grad_input(case.weight, case.grad_output, case.spec),
    "bias": lambda case: grad_bias(case.grad_output),
}
GAUGE: Mapping[GradientName, Callable[[Case], Array]] = {
    "weight": lambda case: gauge(case.x, case.grad_output, case.spec),
    "input": lambda case: gauge_input(case.weight, case.grad_output, case.spec),
    "bias": lambda case: gauge_bias(case.grad_output),
}


def terms_of_reference(spec: ConvSpec) -> int:
    """Products that `grad_weight`, or `grad_input`, forms in all: its price. About 5e8 a second."""
    return prod(spec.weight_shape) * spec.terms


def _carriers(first: Array, second: Array, terms: int) -> tuple[Array, Array]:
    """Both as int64 where they hold whole numbers whose sums of products fit, else both as float64."""
    if _is_whole(first) and _is_whole(second):
        largest = [float(np.abs(array).max(initial=0)) for array in (first, second)]
        if largest[0] * largest[1] * terms < LARGEST_SUM and max(largest) < LARGEST_SUM:
            return first.astype(np.int64), second.astype(np.int64)
    return first.astype(np.float64), second.astype(np.float64)


def _is_whole(array: Array) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.all(np.isfinite(array)) and np.all(array == np.rint(array)))
