"""The convolution itself, all windows at once: the one fast forward of the hand-written side, for small layers."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradcheck_cli.layers.conv.geometry import pad
from gradcheck_cli.model import Array, ConvSpec


def forward(x: Array, weight: Array, spec: ConvSpec) -> Array:
    """The sums of O: sum over i,u,v of F[o,i,u,v] * X_padded[n, i, s*p + d*u, s*q + d*v].

    Args:
        x: (n, c_in, h, w), not padded.
        weight: (c_out, c_in/groups, kh, kw).
        spec: the geometry of a plain layer.

    Returns:
        (n, c_out, h_out, w_out), without the bias, in the dtype of the arguments; exact on integers.

    Source: `definition` spells it out.
    """
    (sh, sw), (dh, dw) = spec.stride, spec.dilation
    windows = sliding_window_view(pad(x, spec), spec.extent, axis=(2, 3))[:, :, ::sh, ::sw, ::dh, ::dw]
    grouped = windows.reshape(spec.batch, spec.groups, -1, *windows.shape[2:])
    kernels = weight.reshape(spec.groups, -1, *spec.weight_shape[1:])
    return np.asarray(np.einsum("ngipquv,goiuv->ngopq", grouped, kernels).reshape(spec.output_shape))
