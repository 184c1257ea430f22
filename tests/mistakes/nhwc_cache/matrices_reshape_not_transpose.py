# expect: reshape-not-transpose weight,input
# target: conv_backward
import numpy as np


def conv_backward(dZ, cache):
    """Everything as matrices: filters in rows, outputs in columns."""
    A_prev, W, b, hparameters = cache
    stride, pad = hparameters["stride"], hparameters["pad"]
    f, f2, n_C_prev, n_C = W.shape
    m, n_H, n_W, _ = dZ.shape
    A = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = np.zeros((m, n_H, n_W, f, f2, n_C_prev))
    for h in range(n_H):
        for w in range(n_W):
            windows[:, h, w] = A[:, h * stride:h * stride + f, w * stride:w * stride + f2]
    dZ_matrix = dZ.reshape(n_C, -1)
    dW = (dZ_matrix @ windows.reshape(m * n_H * n_W, -1)).T.reshape(W.shape)
    dwindows = (W.reshape(-1, n_C) @ dZ_matrix).T.reshape(windows.shape)
    dA = np.zeros(A.shape)
    for h in range(n_H):
        for w in range(n_W):
            dA[:, h * stride:h * stride + f, w * stride:w * stride + f2] += dwindows[:, h, w]
    return dA[:, pad:pad + A_prev.shape[1], pad:pad + A_prev.shape[2]], dW, dZ.sum(axis=(0, 1, 2)).reshape(b.shape)
