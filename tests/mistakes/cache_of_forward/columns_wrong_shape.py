# expect: wrong-shape weight
# target: conv_backward_im2col
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


def conv_forward_im2col(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    f, c, kh, kw = w.shape
    cols = im2col(x, kh, kw, pad, stride)
    out = w.reshape(f, -1) @ cols + b[:, None]
    oh = (x.shape[2] + 2 * pad - kh) // stride + 1
    out = out.reshape(f, oh, -1, x.shape[0]).transpose(3, 0, 1, 2)
    return out, (x, w, b, conv_param, cols)


def conv_backward_im2col(dout, cache):
    x, w, b, conv_param, cols = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    f, c, kh, kw = w.shape
    db = dout.sum(axis=(0, 2, 3))
    flat = dout.transpose(1, 2, 3, 0).reshape(f, -1)
    dw = flat @ cols.T
    dx = col2im(w.reshape(f, -1).T @ flat, x.shape, kh, kw, pad, stride)
    return dx, dw, db
