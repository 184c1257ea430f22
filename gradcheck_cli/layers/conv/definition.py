"""The backward of a convolution, written as the formula. Slow on purpose: the fast ways are held to this one.

The forward pass is O[n,o,p,q] = b[o] + sum over i,u,v of X_padded[n, i, s*p + d*u, s*q + d*v] * F[o,i,u,v]. So each
product of an input element and a kernel entry happens in one output, and by the chain rule it hands G of that output
times the one to the gradient of the other. `products` lists them all; the two gradients differ in one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from gradcheck_cli.layers.conv.geometry import crop, pad
from gradcheck_cli.model import Array, ConvSpec


class Product(NamedTuple):
    """One product of the forward pass, as the indices of O, of X_padded and of F that it involves."""

    output: tuple[int, int, int, int]
    x_padded: tuple[int, int, int, int]
    weight: tuple[int, int, int, int]


def products(spec: ConvSpec) -> Iterator[Product]:
    """Every product of the forward pass, once."""
    channels, filters = spec.in_channels // spec.groups, spec.out_channels // spec.groups
    (sh, sw), (dh, dw) = spec.stride, spec.dilation
    for n, o, p, q in product(*map(range, spec.output_shape)):
        for i, u, v in product(*map(range, spec.weight_shape[1:])):
            channel = o // filters * channels + i
            yield Product(
                output=(n, o, p, q), x_padded=(n, channel, sh * p + dh * u, sw * q + dw * v), weight=(o, i, u, v)
            )


def grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dF[o,i,u,v] = sum over n,p,q of G[n,o,p,q] * X_padded[n, i, s*p + d*u, s*q + d*v].

    Args, returns: as `conv.grad_weight`.
    """
    x_padded = pad(x, spec)
    gradient = np.zeros(spec.weight_shape, dtype=np.result_type(x, grad_output))
    for term in products(spec):
        gradient[term.weight] += grad_output[term.output] * x_padded[term.x_padded]
    return gradient


def grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dX_padded[n, i, s*p + d*u, s*q + d*v] += G[n,o,p,q] * F[o,i,u,v], then without the padding.

    Args, returns: as `conv.grad_input`.
    """
    gradient = pad(np.zeros(spec.x_shape, dtype=np.result_type(weight, grad_output)), spec)
    for term in products(spec):
        gradient[term.x_padded] += grad_output[term.output] * weight[term.weight]
    return np.ascontiguousarray(crop(gradient, spec))


def grad_bias(grad_output: Array) -> Array:
    """dE/db[o] = sum over n,p,q of G[n,o,p,q].

    Args, returns: as `conv.grad_bias`.
    """
    gradient = np.zeros(grad_output.shape[1], dtype=grad_output.dtype)
    for n, o, p, q in product(*map(range, grad_output.shape)):
        gradient[o] += grad_output[n, o, p, q]
    return gradient
