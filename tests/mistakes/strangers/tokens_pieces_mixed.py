# expect: axes-transposed weight
# target: tokens_backward
import numpy as np


def tokens(image, kernel, bias):
    """Square pieces of (n, rows, cols, channels) as wide as the kernel (side, side, channels, width): one token each."""
    side = kernel.shape[0]
    n, rows, cols, channels = image.shape
    pieces = image.reshape(n, rows // side, side, cols // side, side, channels)
    return np.einsum("nrucvi,uvio->nrco", pieces, kernel) + bias


def tokens_backward(g, image, kernel):
    side = kernel.shape[0]
    n, rows, cols, channels = image.shape
    pieces = image.reshape(n, rows // side, side, cols // side, side, channels)
    d_pieces = np.einsum("nrco,uvio->nrucvi", g, kernel)
    d_kernel = np.einsum("nrucvi,nrco->vuio", pieces, g)
    return d_pieces.reshape(image.shape), d_kernel, g.sum((0, 1, 2))
