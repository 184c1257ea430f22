"""A convolution and its backward, written as the formula. Slow on purpose: the fast ways are held to this one.

With p, u and r for the places of an output, a kernel entry and an input element, on as many axes as there are:

    O[n,o,p]     = b[o] + sum over i,u of F[o,i,u] * X[n,i,r]    where r is the source of the position s*p + d*u

So each product of a kernel entry and an input element happens in one output, and by the chain rule it hands G of that
output times the one to the gradient of the other. A triple (p, u, r) says which three meet. `meetings` lists them all,
and whatever the axes, the padding and the direction of the layer are, shows in that list alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from gradcheck_cli.model import Array, Axis, Geometry


class Meeting(NamedTuple):
    """The triples of one kernel entry: outputs[k] has F[entry] * X[inputs[k]] in it. Places are counted in C order."""

    entry: int
    outputs: Array
    inputs: Array


def meetings(geometry: Geometry) -> Iterator[Meeting]:
    """Every triple of a layer once. A transposed layer has those of its convolution with O and X in turned roles."""
    written, read = ([getattr(axis, end) for axis in geometry.axes] for end in ("outputs", "size"))
    for entry, taps in enumerate(product(*map(range, geometry.kernel))):
        pairs = [_pairs(axis, tap) for axis, tap in zip(geometry.axes, taps, strict=True)]
        outputs = np.ravel_multi_index(np.ix_(*(p for p, _ in pairs)), written).ravel()
        inputs = np.ravel_multi_index(np.ix_(*(r for _, r in pairs)), read).ravel()
        yield Meeting(entry, inputs, outputs) if geometry.transposed else Meeting(entry, outputs, inputs)


def _pairs(axis: Axis, tap: int) -> Array:
    """All outputs of the axis in which this tap meets an input element, and below them these elements, (2, count)."""
    sources = [(p, axis.source(axis.stride * p + axis.dilation * tap)) for p in range(axis.outputs)]
    return np.array([(p, r) for p, r in sources if r is not None], dtype=np.intp).reshape(-1, 2).T


def forward(x: Array, weight: Array, bias: Array, geometry: Geometry) -> Array:
    """O[n,o,p] = b[o] + sum over i,u of F[o,i,u] * X[n,i,r].

    Args:
        x: (n, c_in, ...), not padded.
        weight: (c_out, c_in/groups, ...), or (c_in, c_out/groups, ...) of a transposed layer.
        bias: (c_out,).
        geometry: of the layer.

    Returns:
        (n, c_out, ...). Here as below in the dtype of the arguments, which are not modified; exact on integers.
    """
    output = np.zeros(geometry.output_shape, np.result_type(x, weight, bias))
    o, f, i = _places(output, geometry), _entries(weight, geometry), _places(x, geometry)
    for u, p, r in meetings(geometry):
        np.add.at(o, p, np.einsum("goi,pngi->pngo", f[u], i[r]))
    o += bias.reshape(geometry.groups, -1)
    return output


def grad_weight(x: Array, grad_output: Array, geometry: Geometry) -> Array:
    """dE/dF[o,i,u] = sum over n,p of G[n,o,p] * X[n,i,r].

    Args:
        x: as of `forward`.
        grad_output: dE/dO, (n, c_out, ...).
        geometry: of the layer.

    Returns:
        dE/dF, shaped like the weight.
    """
    gradient = np.zeros(geometry.weight_shape, np.result_type(x, grad_output))
    df, g, i = _entries(gradient, geometry), _places(grad_output, geometry), _places(x, geometry)
    for u, p, r in meetings(geometry):
        df[u] = np.einsum("pngo,pngi->goi", g[p], i[r])
    return gradient


def grad_input(weight: Array, grad_output: Array, geometry: Geometry) -> Array:
    """dE/dX[n,i,r] = sum over o,u and all p that read r with u, of G[n,o,p] * F[o,i,u]. A source read twice adds twice.

    Args:
        weight, geometry: as of `forward`.
        grad_output: dE/dO, (n, c_out, ...).

    Returns:
        dE/dX, shaped like the input; 0 where nothing is read.
    """
    gradient = np.zeros(geometry.x_shape, np.result_type(weight, grad_output))
    di, f, g = _places(gradient, geometry), _entries(weight, geometry), _places(grad_output, geometry)
    for u, p, r in meetings(geometry):
        np.add.at(di, r, np.einsum("goi,pngo->pngi", f[u], g[p]))
    return gradient


def grad_bias(grad_output: Array) -> Array:
    """dE/db[o] = sum over n,p of G[n,o,p].

    Args:
        grad_output: dE/dO, (n, c_out, ...).

    Returns:
        dE/db, (c_out,).
    """
    gradient: Array = grad_output.sum(axis=(0, *range(2, grad_output.ndim)), dtype=grad_output.dtype)
    return gradient


def _places(array: Array, geometry: Geometry) -> Array:
    """(n, c, ...) as (place, n, group, channel of the group), a view."""
    grouped = array.reshape(geometry.batch, geometry.groups, -1, prod(array.shape[2:]))
    return np.moveaxis(grouped, -1, 0)


def _entries(weight: Array, geometry: Geometry) -> Array:
    """F as (entry, group, filter of the group, channel of the group), a view. A transposed F has channels first."""
    grouped = weight.reshape(geometry.groups, -1, weight.shape[1], prod(geometry.kernel))
    entries = np.moveaxis(grouped, -1, 0)
    return entries.swapaxes(-1, -2) if geometry.transposed else entries
