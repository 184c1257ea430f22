"""Direct summation of a line by patches: the line stands upright, so that blocks of rows bound the memory.

A row is the least that `rowwise` and `patchwise` copy for all taps, and a line lies in one row.
"""

from __future__ import annotations

import numpy as np

from gradcheck_cli.layers.conv import patchwise
from gradcheck_cli.layers.conv.cost import Effort
from gradcheck_cli.model import Array, ConvSpec, Size


def grad_weight(x: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dF as in `conv.grad_weight`."""
    gradient = patchwise.grad_weight(_turned(x), _turned(grad_output), _upright(spec))
    return np.ascontiguousarray(_turned(gradient))


def grad_input(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """dE/dX as in `conv.grad_input`."""
    gradient = patchwise.grad_input(_turned(weight), _turned(grad_output), _upright(spec))
    return np.ascontiguousarray(_turned(gradient))


def grad_weight_effort(spec: ConvSpec) -> Effort:
    """What `grad_weight` does, for the rule of `cost`."""
    return patchwise.grad_weight_effort(_upright(spec))


def grad_input_effort(spec: ConvSpec) -> Effort:
    """What `grad_input` does, for the rule of `cost`."""
    return patchwise.grad_input_effort(_upright(spec))


def _turned(planes: Array) -> Array:
    """(..., h, w) as (..., w, h); a view."""
    return planes.swapaxes(-1, -2)


def _upright(spec: ConvSpec) -> ConvSpec:
    return ConvSpec(
        spec.batch,
        spec.in_channels,
        spec.out_channels,
        spec.width,
        spec.height,
        _exchanged(spec.kernel_size),
        _exchanged(spec.stride),
        _exchanged(spec.padding),
        _exchanged(spec.dilation),
        spec.groups,
        _exchanged(spec.extra_after),
    )


def _exchanged(size: Size) -> Size:
    return (size[1], size[0])
