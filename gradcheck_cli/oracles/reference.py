"""The referee: the three gradients written straight from their definition, slowly and readably. No cleverness here.

On whole numbers everything is summed as int64, which no order of summation can change; else as float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec, GradientName
from gradcheck_cli.oracles.gauge import (
    gauge as gauge,
    gauge_bias as gauge_bias,
    gauge_input as gauge_input,
)
from gradcheck_cli.oracles.windows import padded, tap_slices, unpadded

# Half of what int64 holds: the bound on the sum is itself rounded.
INT64_LIMIT = 2.0**62


def grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dF[o,i,u,v] = sum over n,p,q of G[n,o,p,q] * X_padded[n, i, s*p + d*u, s*q + d*v].

    Args:
        x: (n, c_in, h, w), not padded.
        grad_output: (n, c_out, h_out, w_out).
        spec: the geometry.

    Returns:
        (c_out, c_in/groups, kh, kw); int64 where both arrays hold whole numbers and the sums fit, else float64.
    """
    x, grad_output = _carriers(x, grad_output, spec.terms)
    x_padded = _by_group(padded(x, spec), spec)
    upstream = _by_group(grad_output, spec)
    gradient = np.empty(spec.weight_shape, x.dtype)
    for u, v in np.ndindex(spec.kernel_size):
        window = x_padded[..., *tap_slices(u, v, spec)]
        gradient[:, :, u, v] = np.einsum("ngopq,ngipq->goi", upstream, window).reshape(spec.weight_shape[:2])
    return gradient


def grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dX[n,i,r,c] = sum over o,u,v with s*p + d*u = r, s*q + d*v = c of G[n,o,p,q] * F[o,i,u,v].

    Args:
        weight: (c_out, c_in/groups, kh, kw).
        grad_output: (n, c_out, h_out, w_out).
        spec: the geometry.

    Returns:
        (n, c_in, h, w), the border of the padding cut off; int64 or float64 as `grad_weight`.
    """
    weight, grad_output = _carriers(weight, grad_output, terms_of_grad_input(spec))
    kernel = weight.reshape(spec.groups, -1, *spec.weight_shape[1:])
    upstream = _by_group(grad_output, spec)
    gradient = padded(np.zeros(spec.x_shape, weight.dtype), spec)
    by_group = _by_group(gradient, spec)
    for u, v in np.ndindex(spec.kernel_size):
        by_group[..., *tap_slices(u, v, spec)] += np.einsum("ngopq,goi->ngipq", upstream, kernel[..., u, v])
    return unpadded(gradient, spec)


def grad_bias(grad_output: Array) -> Array:
    """dE/db[o] = sum over n,p,q of G[n,o,p,q]; (c_out,), int64 or float64 as `grad_weight`."""
    terms = grad_output.size // grad_output.shape[1]
    carrier, _ = _carriers(grad_output, np.ones(1), terms)
    return np.asarray(carrier.sum(axis=(0, 2, 3)))


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


def terms_of_grad_input(spec: ConvSpec) -> int:
    """Products that may be summed into one entry of grad_input: at most c_out/groups * kh * kw."""
    return spec.out_channels // spec.groups * spec.kernel_size[0] * spec.kernel_size[1]


def terms_of_reference(spec: ConvSpec) -> int:
    """Products that `grad_weight`, or `grad_input`, forms in all: its price. About 5e8 a second."""
    entries = spec.weight_shape[0] * spec.weight_shape[1] * spec.kernel_size[0] * spec.kernel_size[1]
    return entries * spec.terms


def _by_group(planes: Array, spec: ConvSpec) -> Array:
    """(n, groups, channels/groups, ...), a view."""
    return planes.reshape(planes.shape[0], spec.groups, -1, *planes.shape[2:])


def _carriers(first: Array, second: Array, terms: int) -> tuple[Array, Array]:
    """Both as int64 where they hold whole numbers whose sums of products fit, else both as float64."""
    if _is_whole(first) and _is_whole(second):
        largest = [float(np.abs(array).max(initial=0)) for array in (first, second)]
        if largest[0] * largest[1] * terms < INT64_LIMIT and max(largest) < INT64_LIMIT:
            return first.astype(np.int64), second.astype(np.int64)
    return first.astype(np.float64), second.astype(np.float64)


def _is_whole(array: Array) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.all(np.isfinite(array)) and np.all(array == np.rint(array)))
