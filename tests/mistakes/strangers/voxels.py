# expect: pass
# target: expand_voxels_backward
import numpy as np


def expand_voxels(x, weight, bias, factor):
    """Each voxel becomes a block of factor^3: a transposed convolution whose kernel is as wide as its stride."""
    n, _, d, h, w = x.shape
    blocks = np.einsum("nidhw,ioabc->nodahbwc", x, weight)
    return blocks.reshape(n, weight.shape[1], d * factor, h * factor, w * factor) + bias.reshape(1, -1, 1, 1, 1)


def expand_voxels_backward(grad_out, x, weight, factor):
    n, _, d, h, w = x.shape
    blocks = grad_out.reshape(n, weight.shape[1], d, factor, h, factor, w, factor)
    grad_x = np.einsum("nodahbwc,ioabc->nidhw", blocks, weight)
    grad_weight = np.einsum("nodahbwc,nidhw->ioabc", blocks, x)
    return grad_x, grad_weight, grad_out.sum(axis=(0, 2, 3, 4))
