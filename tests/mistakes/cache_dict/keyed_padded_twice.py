# expect: padded-twice weight
# target: conv_bwd
import numpy as np


def conv_bwd(d_out, cache):
    """cache is a dictionary that the forward pass has filled."""
    X = cache["X"]
    W = cache["W"]
    stride = cache["stride"]
    pad = cache["pad"]
    m, channels, height, width = X.shape
    filters, _, fh, fw = W.shape
    padded = np.pad(X, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    grad_padded = np.zeros_like(padded)
    padded = np.pad(padded, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    grad_W = np.zeros_like(W)
    for u in range(fh):
        for v in range(fw):
            rows = slice(u, u + stride * d_out.shape[2], stride)
            cols = slice(v, v + stride * d_out.shape[3], stride)
            patch = padded[:, :, rows, cols]
            grad_W[:, :, u, v] = np.tensordot(d_out, patch, axes=([0, 2, 3], [0, 2, 3]))
            grad_padded[:, :, rows, cols] += np.tensordot(d_out, W[:, :, u, v], axes=([1], [0])).transpose(0, 3, 1, 2)
    grad_b = d_out.sum(axis=(0, 2, 3))
    return {"dX": grad_padded[:, :, pad:height + pad, pad:width + pad], "dW": grad_W, "db": grad_b}
