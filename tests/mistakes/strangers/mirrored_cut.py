# expect: fold-back-missing input
# target: mirror_conv_backward
import numpy as np


def mirror_conv(image, kernels, bias, pad):
    """Images (n, rows, cols, channels) are mirrored at their edges (the edge itself is not repeated)."""
    wide = np.pad(image, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="reflect")
    seen = np.lib.stride_tricks.sliding_window_view(wide, kernels.shape[:2], axis=(1, 2))
    return np.einsum("nrciuv,uvio->nrco", seen, kernels) + bias


def mirror_conv_backward(up, image, kernels, bias, pad):
    n, rows, cols, _ = image.shape
    wide = np.pad(image, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="reflect")
    seen = np.lib.stride_tricks.sliding_window_view(wide, kernels.shape[:2], axis=(1, 2))
    d_kernels = np.einsum("nrciuv,nrco->uvio", seen, up)
    d_wide = np.zeros_like(wide)
    for u, v in np.ndindex(*kernels.shape[:2]):
        d_wide[:, u : u + up.shape[1], v : v + up.shape[2]] += up @ kernels[u, v].T
    d_image = d_wide[:, pad : pad + rows, pad : pad + cols]
    return d_image, d_kernels, up.sum(axis=(0, 1, 2))
