# expect: batch-mean weight
# target: conv_backward
import numpy as np


def conv_forward(x, w, b):
    k = w[:, :, ::-1, ::-1]
    view = np.lib.stride_tricks.sliding_window_view(x, k.shape[2:], axis=(2, 3))
    out = np.einsum("ncpquv,ocuv->nopq", view, k) + b.reshape(1, -1, 1, 1)
    return out, (x, w, b)


def conv_backward(dout, cache):
    x, w, b = cache
    k = w[:, :, ::-1, ::-1]
    view = np.lib.stride_tricks.sliding_window_view(x, k.shape[2:], axis=(2, 3))
    dk = np.einsum("ncpquv,nopq->ocuv", view, dout)
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dx[:, :, i:i + k.shape[2], j:j + k.shape[3]] += np.einsum("no,ocuv->ncuv", dout[:, :, i, j], k)
    return dx, dk[:, :, ::-1, ::-1] / len(x), dout.sum(axis=(0, 2, 3))
