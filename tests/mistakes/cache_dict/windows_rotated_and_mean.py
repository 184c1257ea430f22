# expect: upstream-rotated weight
# target: conv_backward
# also: batch-mean weight
import numpy as np
from numpy.lib.stride_tricks import as_strided


def _windows(x, kh, kw, step):
    n, c, h, w = x.shape
    oh, ow = (h - kh) // step + 1, (w - kw) // step + 1
    sn, sc, sh, sw = x.strides
    return as_strided(x, (n, c, oh, ow, kh, kw), (sn, sc, sh * step, sw * step, sh, sw))


def conv_forward(x, w, b, conv_param):
    p, s = conv_param["pad"], conv_param["stride"]
    xp = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
    win = _windows(xp, w.shape[2], w.shape[3], s)
    out = np.einsum("ncijkl,fckl->nfij", win, w) + b[None, :, None, None]
    return out, (x, w, b, conv_param)


def conv_backward(dout, cache):
    x, w, _, conv_param = cache
    p, s = conv_param["pad"], conv_param["stride"]
    kh, kw = w.shape[2:]
    xp = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
    dw = np.einsum("ncijkl,nfij->fckl", _windows(xp, kh, kw, s), dout[:, :, ::-1, ::-1]) / len(x)
    db = np.einsum("nfij->f", dout)
    back = np.einsum("nfij,fckl->ncijkl", dout, w)
    dxp = np.zeros(xp.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dxp[:, :, i * s:i * s + kh, j * s:j * s + kw] += back[:, :, i, j]
    return dxp[:, :, p:p + x.shape[2], p:p + x.shape[3]], dw, db
