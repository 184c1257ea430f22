"""The three sums of products of a layer of any form, tap by tap. Written for no other purpose than to be plain.

Whole numbers stay whole: nothing here decides in what they are summed.
"""

from __future__ import annotations

from math import prod

import numpy as np

from gradcheck_cli.model import Array, ConvSpec
from gradcheck_cli.oracles import frames


def paired(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """X times G, summed over samples and places: dE/dF. A transposed layer reads G where another reads X."""
    read, met = (grad_output, x) if spec.transposed else (x, grad_output)
    frame, met = _by_group(frames.framed(read, spec), spec), _flat(_by_group(met, spec))
    gradient = np.empty(spec.weight_shape, met.dtype)
    entries = _kernels(gradient, spec)
    for tap, window in frames.windows(frame, spec):
        entries[..., tap] = np.einsum("ngap,ngbp->gab", met, _flat(window))
    return gradient


def correlated(weight: Array, read: Array, spec: ConvSpec) -> Array:
    """F times what it reads, summed over channels and taps: O from X, or dE/dX from G of a transposed layer."""
    frame, kernels = _by_group(frames.framed(read, spec), spec), _kernels(weight, spec)
    sums = np.zeros((spec.batch, spec.groups, kernels.shape[1], frames.count(spec)), read.dtype)
    for tap, window in frames.windows(frame, spec):
        sums += np.einsum("gab,ngbp->ngap", kernels[..., tap], _flat(window))
    return sums.reshape(spec.x_shape if spec.transposed else spec.output_shape)


def scattered(weight: Array, met: Array, spec: ConvSpec) -> Array:
    """F times each element, added where its taps read: dE/dX from G, or O from X of a transposed layer."""
    kernels, met = _kernels(weight, spec), _flat(_by_group(met, spec))
    frame = np.zeros((spec.batch, spec.groups, kernels.shape[2], *spec.padded_size), met.dtype)
    for tap, window in frames.windows(frame, spec):
        window += np.einsum("gab,ngap->ngbp", kernels[..., tap], met).reshape(window.shape)
    return frames.unframed(frame.reshape(spec.batch, -1, *spec.padded_size), spec)


def _by_group(planes: Array, spec: ConvSpec) -> Array:
    """(n, groups, channels/groups, ...), a view."""
    return planes.reshape(planes.shape[0], spec.groups, -1, *planes.shape[2:])


def _flat(array: Array) -> Array:
    """(n, groups, channels/groups, places)"""
    return array.reshape(*array.shape[:3], -1)


def _kernels(weight: Array, spec: ConvSpec) -> Array:
    """F as (groups, first/groups, second, taps), a view."""
    return weight.reshape(spec.groups, -1, spec.weight_shape[1], prod(spec.kernel_size))
