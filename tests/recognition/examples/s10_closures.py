"""
Backprop with closures: every op returns (value, pullback).

    y, back = conv(x, k, bias)
    gx, gk, gbias = back(gy)
"""
import numpy as np


def relu(x):
    mask = x > 0
    return x * mask, lambda g: g * mask


def dense(x, W):
    return x @ W, lambda g: (g @ W.T, x.T @ g)


def _xcorr(a, k):
    """'valid' cross-correlation of (N,C,H,W) with (F,C,h,w)"""
    h, w = k.shape[2:]
    H, W = a.shape[2] - h + 1, a.shape[3] - w + 1
    out = 0.
    for i in range(h):
        for j in range(w):
            out = out + np.einsum('nchw,fc->nfhw', a[:, :, i:i + H, j:j + W], k[:, :, i, j])
    return out


def _pad(a, py, px):
    return np.pad(a, ((0, 0), (0, 0), (py, py), (px, px)))


def conv(x, k, bias, pad=0):
    """stride 1 convolution; pad < kernel size"""
    F, C, h, w = k.shape
    xp = _pad(x, pad, pad)
    y = _xcorr(xp, k) + bias[None, :, None, None]

    def pullback(g):
        gk = _xcorr(xp.transpose(1, 0, 2, 3), g.transpose(1, 0, 2, 3)).transpose(1, 0, 2, 3)
        gx = _xcorr(_pad(g, h - 1 - pad, w - 1 - pad), k.transpose(1, 0, 2, 3))
        return gx, gk, g.sum((0, 2, 3))

    return y, pullback


def chain(*pulls):
    def back(g):
        for p in reversed(pulls):
            g = p(g)
            if isinstance(g, tuple):
                g = g[0]
        return g
    return back
