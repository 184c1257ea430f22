# expect: pass
# target: conv_backward
import numpy as np


def conv_forward(x, w, b, conf):
    n, c, length = x.shape
    f, _, k = w.shape
    s, p = conf["stride"], conf["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p)))
    out = np.zeros((n, f, 1 + (length + 2 * p - k) // s))
    for sample in range(n):
        for kernel in range(f):
            for t in range(out.shape[2]):
                out[sample, kernel, t] = (padded[sample, :, t * s:t * s + k] * w[kernel]).sum() + b[kernel]
    return out, (x, w, b, conf)


def conv_backward(dout, cache):
    x, w, b, conf = cache
    n, c, length = x.shape
    f, _, k = w.shape
    s, p = conf["stride"], conf["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p)))
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros_like(b)
    for sample in range(n):
        for kernel in range(f):
            for t in range(dout.shape[2]):
                g = dout[sample, kernel, t]
                db[kernel] += g
                dw[kernel] += g * padded[sample, :, t * s:t * s + k]
                dpadded[sample, :, t * s:t * s + k] += g * w[kernel]
    return dpadded[:, :, p:p + length], dw, db
