import numpy as np


def conv_nhwc(x, w, b=None, strides=(1, 1), pads=(0, 0)):
    """x [N,H,W,C], w [KH,KW,C,K], b [K] -> y [N,OH,OW,K] """
    kh, kw, _, k = w.shape
    (sy, sx), (py, px) = strides, pads
    xp = np.pad(x, ((0, 0), (py, py), (px, px), (0, 0)))
    oh = (xp.shape[1] - kh) // sy + 1
    ow = (xp.shape[2] - kw) // sx + 1
    y = np.zeros((x.shape[0], oh, ow, k), x.dtype)
    for dy in range(kh):
        for dx in range(kw):
            y += np.tensordot(xp[:, dy:dy + oh * sy:sy, dx:dx + ow * sx:sx], w[dy, dx], axes=1)
    return y if b is None else y + b


def conv_nhwc_grads(x, w, gy, strides=(1, 1), pads=(0, 0)):
    """dict with the gradients for 'x', 'w' and 'b'"""
    kh, kw = w.shape[:2]
    (sy, sx), (py, px) = strides, pads
    xp = np.pad(x, ((0, 0), (py, py), (px, px), (0, 0)))
    oh, ow = gy.shape[1:3]
    gw = np.empty_like(w)
    gxp = np.zeros_like(xp)
    for dy in range(kh):
        for dx in range(kw):
            sl = np.s_[:, dy:dy + oh * sy:sy, dx:dx + ow * sx:sx]
            gw[dy, dx] = np.tensordot(xp[sl], gy, axes=([0, 1, 2], [0, 1, 2]))
            gxp[sl] += np.tensordot(gy, w[dy, dx], axes=([3], [1]))
    gx = gxp[:, py:py + x.shape[1], px:px + x.shape[2]]
    return {'x': gx, 'w': gw, 'b': gy.sum(axis=(0, 1, 2))}
