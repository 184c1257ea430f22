"""The convolution itself, all windows at once: the one fast forward of the hand-written side, for small layers."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradcheck_cli.layers.conv.geometry import pad
from gradcheck_cli.model import Array, Case


def forward(case: Case) -> Array:
    """O[n,o,p,q] = b[o] + sum over i,u,v of F[o,i,u,v] * X_padded[n, i, s*p + d*u, s*q + d*v].

    Args:
        case: X, F and b; its G is not looked at.

    Returns:
        (n, c_out, h_out, w_out), in the dtype of the case; exact on integers.

    Source: `definition` spells it out.
    """
    spec = case.spec
    (sh, sw), (dh, dw) = spec.stride, spec.dilation
    windows = sliding_window_view(pad(case.x, spec), spec.extent, axis=(2, 3))[:, :, ::sh, ::sw, ::dh, ::dw]
    grouped = windows.reshape(spec.batch, spec.groups, -1, *windows.shape[2:])
    kernels = case.weight.reshape(spec.groups, -1, *spec.weight_shape[1:])
    sums = np.einsum("ngipquv,goiuv->ngopq", grouped, kernels).reshape(spec.output_shape)
    return np.asarray(sums + case.bias[:, None, None])
