# expect: pass
# target: deconv1d_backward
import numpy as np


def deconv1d(x, w, s):
    y = np.zeros((x.shape[0], w.shape[1], s * (x.shape[2] - 1) + w.shape[2]))
    for t in range(x.shape[2]):
        y[:, :, s * t:s * t + w.shape[2]] += np.einsum("ni,iok->nok", x[:, :, t], w)
    return y


def deconv1d_backward(dy, x, w, s):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(x.shape[2]):
        part = dy[:, :, s * t:s * t + w.shape[2]]
        dx[:, :, t] = np.einsum("nok,iok->ni", part, w)
        dw += np.einsum("ni,nok->iok", x[:, :, t], part)
    return dx, dw
