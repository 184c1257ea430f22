# expect: pass
# target: backward
import numpy as np


def indices(shape, kh, kw, pad, stride):
    n, c, h, w = shape
    oh, ow = (h + 2 * pad - kh) // stride + 1, (w + 2 * pad - kw) // stride + 1
    i = np.tile(np.repeat(np.arange(kh), kw), c)[:, None] + stride * np.repeat(np.arange(oh), ow)[None]
    j = np.tile(np.arange(kw), kh * c)[:, None] + stride * np.tile(np.arange(ow), oh)[None]
    k = np.repeat(np.arange(c), kh * kw)[:, None]
    return k, i, j


def im2col(x, kh, kw, pad, stride):
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    k, i, j = indices(x.shape, kh, kw, pad, stride)
    cols = xp[:, k, i, j]
    return cols.transpose(1, 2, 0).reshape(kh * kw * x.shape[1], -1)


def col2im(cols, shape, kh, kw, pad, stride):
    n, c, h, w = shape
    xp = np.zeros((n, c, h + 2 * pad, w + 2 * pad))
    k, i, j = indices(shape, kh, kw, pad, stride)
    np.add.at(xp, (slice(None), k, i, j), cols.reshape(c * kh * kw, -1, n).transpose(2, 0, 1))
    return xp[:, :, pad:pad + h, pad:pad + w]


def forward(X, W, b, stride=1, padding=0):
    X_col = im2col(X, W.shape[2], W.shape[3], padding, stride)
    W_row = W.reshape(W.shape[0], -1)
    n, _, h, w = X.shape
    oh, ow = (h + 2 * padding - W.shape[2]) // stride + 1, (w + 2 * padding - W.shape[3]) // stride + 1
    out = (W_row @ X_col + b.reshape(-1, 1)).reshape(W.shape[0], oh, ow, n).transpose(3, 0, 1, 2)
    return out, (X.shape, X_col, W_row, W.shape, stride, padding)


def backward(grad_out, cache):
    x_dims, X_col, W_row, w_dims, stride, padding = cache
    g = grad_out.transpose(1, 2, 3, 0).reshape(w_dims[0], -1)
    grad_b = g.sum(axis=1)
    grad_w = (g @ X_col.T).reshape(w_dims)
    grad_x = col2im(W_row.T @ g, x_dims, w_dims[2], w_dims[3], padding, stride)
    return grad_b, grad_w, grad_x
