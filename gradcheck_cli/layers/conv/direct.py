"""The backward of a convolution by direct summation: every entry is a sum of exactly the products of the definition.

Ways of summing, in `rowwise`, `tapwise`, `patchwise` (of a line `upright`) and `pointwise`, and the choice between them
by the rule of `cost`. On integers all of them are exact as long as every sum of |G||X| stays below 2^24 (float32) or
2^53 (float64): then no partial sum is ever rounded, in whatever order it is formed. Verdicts rest on this.

The ways are for plain layers, `lift` makes them ways for all.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import numpy as np

from gradcheck_cli.layers.conv import patchwise, pointwise, rowwise, tapwise, upright
from gradcheck_cli.layers.conv.geometry import require_shape
from gradcheck_cli.layers.conv.lift import Lift
from gradcheck_cli.model import Array, ConvSpec


def grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """Gradient of a convolution with respect to its kernel.

    dE/dF[o,i,u,v] = sum over n,p,q of G[n,o,p,q] * X_padded[n, i, s*p + d*u, s*q + d*v]

    There is no sum over i and none over o: with groups = 1 every pair of a channel and a filter has its own
    correlation. With groups, i counts within the group of o.

    Args:
        x: input, (n, c_in, h, w), not padded, float32 or float64; of another form as `ConvSpec` says.
        grad_output: dE/dO, (n, c_out, h_out, w_out), same dtype.
        spec: the geometry, of any form.

    Returns:
        dE/dF, (c_out, c_in/groups, kh, kw), dtype of the inputs, which are not modified.

    Raises:
        GeometryError: an array has another shape than `spec` says.

    Source: the derivative of the forward sum, term by term; `definition` spells it out.
    """
    require_shape("x", x, spec.x_shape)
    require_shape("grad_output", grad_output, spec.output_shape)
    with np.errstate(over="ignore", invalid="ignore"):
        return LIFT.grad_weight(x, grad_output, spec)


def grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """Gradient of a convolution with respect to its input.

    dE/dX[n,i,r,c] = sum over o,u,v with s*p + d*u = r + padding, s*q + d*v = c + padding of G[n,o,p,q] * F[o,i,u,v]

    Args:
        weight: the kernel F, (c_out, c_in/groups, kh, kw), float32 or float64.
        grad_output: dE/dO, (n, c_out, h_out, w_out), same dtype.
        spec: the geometry, of any form.

    Returns:
        dE/dX, (n, c_in, h, w), dtype of the inputs, which are not modified. Rows and columns that no window reaches
        are 0.

    Raises:
        GeometryError: an array has another shape than `spec` says.

    Source: the derivative of the forward sum, term by term; `definition` spells it out.
    """
    require_shape("weight", weight, spec.weight_shape)
    require_shape("grad_output", grad_output, spec.output_shape)
    with np.errstate(over="ignore", invalid="ignore"):
        return LIFT.grad_input(weight, grad_output, spec)


def grad_bias(grad_output: Array) -> Array:
    """Gradient of a convolution with respect to its bias.

    dE/db[o] = sum over n,p,q of G[n,o,p,q]

    Args:
        grad_output: dE/dO, (n, c_out, h_out, w_out).

    Returns:
        dE/db, (c_out,), dtype of `grad_output`, which is not modified.

    Source: the derivative of the forward sum, term by term; `definition` spells it out.
    """
    gradient: Array = grad_output.sum(axis=(0, *range(2, grad_output.ndim)), dtype=grad_output.dtype)
    return gradient


def _grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    way = weight_way(spec)
    gradient: Array = way.grad_weight(x, grad_output, spec)
    if way is tapwise and not np.isfinite(gradient).all():
        # The zeros that this way adds turn an infinity into NaN where the definition does not multiply it.
        gradient = patchwise.grad_weight(x, grad_output, spec)
    return gradient


def _grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    way = input_way(spec)
    gradient: Array = way.grad_input(weight, grad_output, spec)
    if way is rowwise and not np.isfinite(gradient).all():
        # The zeros that this way adds turn an infinity into NaN where the definition does not multiply it.
        gradient = patchwise.grad_input(weight, grad_output, spec)
    return gradient


# A layer is asked for more than once, and small ones take less time than the choice.
@lru_cache(maxsize=1024)
def weight_way(spec: ConvSpec) -> ModuleType:
    """The way that takes the least time for dE/dF of a plain layer, by the rule of `cost`."""
    return min(weight_ways(spec), key=lambda way: way.grad_weight_effort(spec).nanoseconds)


@lru_cache(maxsize=1024)
def input_way(spec: ConvSpec) -> ModuleType:
    """The way that takes the least time for dE/dX of a plain layer, by the rule of `cost`."""
    return min(input_ways(spec), key=lambda way: way.grad_input_effort(spec).nanoseconds)


def weight_ways(spec: ConvSpec) -> list[ModuleType]:
    """All ways of dE/dF that are written for the layer."""
    ways = [tapwise, upright] if spec.conv == "conv1d" else [rowwise, tapwise, patchwise]
    return [pointwise, *ways] if pointwise.applies(spec) else ways


def input_ways(spec: ConvSpec) -> list[ModuleType]:
    """All ways of dE/dX that are written for the layer."""
    ways = [rowwise, upright if spec.conv == "conv1d" else patchwise]
    return [pointwise, *ways] if pointwise.applies(spec) else ways


LIFT = Lift(rowwise.forward, _grad_weight, _grad_input)
