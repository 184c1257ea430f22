# expect: window-not-moved weight
# target: grad_conv
import numpy as np


def grad_conv(upstream, cache):
    x = cache[0]
    w = cache[1]
    b = cache[2]
    stride = cache[3]
    pad = cache[4]
    sh = sw = stride
    n, ch, h, wd = x.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    gw, gx = np.zeros_like(w), np.zeros_like(xp)
    kh, kw = w.shape[2], w.shape[3]
    ph, pw = upstream.shape[2], upstream.shape[3]
    for u in range(kh):
        for v in range(kw):
            part = xp[:, :, :sh * (ph - 1) + 1:sh, :sw * (pw - 1) + 1:sw]
            for o in range(w.shape[0]):
                for c in range(ch):
                    gw[o, c, u, v] = (part[:, c] * upstream[:, o]).sum()
                    gx[:, c, u:u + sh * (ph - 1) + 1:sh, v:v + sw * (pw - 1) + 1:sw] += w[o, c, u, v] * upstream[:, o]
    return gx[:, :, pad:pad + h, pad:pad + wd], gw, upstream.sum(axis=(0, 2, 3))
