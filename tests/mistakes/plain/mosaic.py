# expect: pass
# target: mosaic_backward
"""Tiles put back by one reshape where they touch, by a loop where they overlap or leave gaps."""

import numpy as np


def mosaic_backward(dout, x, w, b, stride):
    n, f, rows, cols = dout.shape
    _, c, kh, kw = w.shape
    tiles = np.einsum("nfpq,fcuv->ncpuqv", dout, w)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    if stride == kh == kw:
        dx[:, :, : rows * kh, : cols * kw] = tiles.reshape(n, c, rows * kh, cols * kw)
    else:
        for p in range(rows):
            for q in range(cols):
                dx[:, :, p * stride : p * stride + kh, q * stride : q * stride + kw] += tiles[:, :, p, :, q]
    for u in range(kh):
        for v in range(kw):
            seen = x[:, :, u : u + stride * (rows - 1) + 1 : stride, v : v + stride * (cols - 1) + 1 : stride]
            dw[:, :, u, v] = np.einsum("nfpq,ncpq->fc", dout, seen)
    return dx, dw, dout.sum(axis=(0, 2, 3))
