# expect: upstream-padded weight
# target: conv_backward
import numpy as np


def conv_backward(dout, cache):
    x, w, b, stride, pad = cache
    out_h, out_w = dout.shape[2:]
    k_h, k_w = w.shape[2:]
    x_p = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), "constant")
    dx_p, dw = np.zeros(x_p.shape), np.zeros(w.shape)
    dout_p = np.pad(dout, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    for (i, j) in np.ndindex(out_h, out_w):
        top, left = stride * i, stride * j
        region = x_p[:, :, top:top + k_h, left:left + k_w]
        for f in range(w.shape[0]):
            dw[f] += np.sum(region * dout_p[:, f, i, j].reshape(-1, 1, 1, 1), axis=0)
        dx_p[:, :, top:top + k_h, left:left + k_w] += np.tensordot(dout[:, :, i, j], w, axes=1)
    return dx_p[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]], dw, dout.sum((0, 2, 3))
