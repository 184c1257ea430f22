# Blocked direct convolution, register tile of 4 output channels x 1 pixel.
# I use it to think about the AVX version. batch-less, x[c][y][x]
import numpy as np

TILE = 4


def pad2(x, p):
    c, h, w = x.shape
    xp = np.zeros((c, h + 2 * p, w + 2 * p), dtype=x.dtype)
    xp[:, p:p + h, p:p + w] = x
    return xp


def direct_conv(x, w, p=0):
    k, c, r, s = w.shape
    xp = pad2(x, p)
    oh, ow = xp.shape[1] - r + 1, xp.shape[2] - s + 1
    y = np.zeros((k, oh, ow))
    for k0 in range(0, k, TILE):
        k1 = min(k0 + TILE, k)
        for i in range(oh):
            for j in range(ow):
                y[k0:k1, i, j] = (w[k0:k1] * xp[:, i:i + r, j:j + s]).reshape(k1 - k0, -1).sum(1)
    return y


def direct_conv_backward_weights(x, dy, wshape, p=0):
    k, c, r, s = wshape
    xp = pad2(x, p)
    _, oh, ow = dy.shape
    dw = np.zeros(wshape)
    for k0 in range(0, k, TILE):
        n = min(TILE, k - k0)
        regs = np.zeros((n, c, r, s))
        for i in range(oh):
            for j in range(ow):
                regs += dy[k0:k0 + n, i, j].reshape(n, 1, 1, 1) * xp[:, i:i + r, j:j + s]
        dw[k0:k0 + n] = regs
    return dw


def direct_conv_backward_data(w, dy, xshape, p=0):
    k, c, r, s = w.shape
    _, h, wd = xshape
    _, oh, ow = dy.shape
    dxp = np.zeros((c, h + 2 * p, wd + 2 * p))
    k_full = k // TILE * TILE
    for k0 in range(0, k_full, TILE):
        tile = w[k0:k0 + TILE]
        for i in range(oh):
            for j in range(ow):
                g = dy[k0:k0 + TILE, i, j]
                dxp[:, i:i + r, j:j + s] += (g[:, None, None, None] * tile).sum(0)
    for kk in range(k_full + 1, k):
        for i in range(oh):
            for j in range(ow):
                dxp[:, i:i + r, j:j + s] += dy[kk, i, j] * w[kk]
    return dxp[:, p:p + h, p:p + wd]


def conv_backward(x, w, dy, p=0):
    return direct_conv_backward_data(w, dy, x.shape, p), direct_conv_backward_weights(x, dy, w.shape, p)
