# expect: unpad-empty input
# target: conv3d_backward
import numpy as np


def conv3d_backward(dout, cache):
    x, w, b, stride, pad = cache
    n, c, depth, height, width = x.shape
    f, _, kd, kh, kw = w.shape
    xp = np.pad(x, [(0, 0), (0, 0)] + [(pad, pad)] * 3)
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    for z, r, q in np.ndindex(*dout.shape[2:]):
        a, i, j = z * stride, r * stride, q * stride
        g = dout[:, :, z, r, q]
        dw += np.tensordot(g, xp[:, :, a:a + kd, i:i + kh, j:j + kw], (0, 0))
        dxp[:, :, a:a + kd, i:i + kh, j:j + kw] += np.tensordot(g, w, 1)
    dx = dxp[:, :, pad:-pad, pad:-pad, pad:-pad]
    return dx, dw, dout.sum(axis=(0, 2, 3, 4))
