# expect: pass
# target: conv_backward
import numpy as np


def window_matrix(x, kh, kw, stride):
    """One row for every output, (n, p, q), one column for every weight of a filter, (c, u, v)."""
    views = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    return views.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * kh * kw)


def conv_backward(dout, x, w, stride=1, pad=0):
    n, f, oh, ow = dout.shape
    _, c, kh, kw = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows = np.moveaxis(dout, 1, -1).reshape(-1, f)
    dw = (rows.T @ window_matrix(xp, kh, kw, stride)).reshape(w.shape)
    shares = (rows @ w.reshape(f, -1)).reshape(n, oh, ow, c, kh, kw)
    dxp = np.zeros(xp.shape)
    for i, j in np.ndindex(oh, ow):
        dxp[:, :, i * stride:i * stride + kh, j * stride:j * stride + kw] += shares[:, i, j]
    dx = dxp[:, :, pad:xp.shape[2] - pad, pad:xp.shape[3] - pad]
    return dx, dw, rows.sum(axis=0)
