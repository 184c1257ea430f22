# expect: stride-ignored weight,input
# target: backprop_conv
import numpy as np


def backprop_conv(dZ, cache):
    A_prev, W, b, hparameters = cache
    stride, pad = hparameters["stride"], hparameters["pad"]
    f1, f2, _, _ = W.shape
    m, rows, cols, filters = dZ.shape
    A = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    dA, dW = np.zeros(A.shape), np.zeros(W.shape)
    for h in range(rows):
        for w in range(cols):
            vert_start, horiz_start = h * stride, w
            here = (slice(None), slice(vert_start, vert_start + f1), slice(horiz_start, horiz_start + f2))
            for c in range(filters):
                dz = dZ[:, h, w, c].reshape(-1, 1, 1, 1)
                dW[..., c] += np.sum(A[here] * dz, axis=0)
                dA[here] += W[..., c] * dz
    end_h, end_w = pad + A_prev.shape[1], pad + A_prev.shape[2]
    return dA[:, pad:end_h, pad:end_w], dW, dZ.sum(axis=(0, 1, 2)).reshape(b.shape)
