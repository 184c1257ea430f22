# expect: mutates-input weight
# target: backward
import numpy as np


def backward(dZ, A, W, stride=1, pad=0):
    """One image of shape (channels, rows, columns)."""
    dZ *= 2  # twice the squared error's half
    c, h, w = A.shape
    f, _, kh, kw = W.shape
    Ap = np.pad(A, ((0, 0), (pad, pad), (pad, pad)))
    dW, dAp = np.zeros_like(W), np.zeros_like(Ap)
    for k in range(f):
        for i in range(dZ.shape[1]):
            for j in range(dZ.shape[2]):
                t, l = i * stride, j * stride
                dW[k] += dZ[k, i, j] * Ap[:, t:t + kh, l:l + kw]
                dAp[:, t:t + kh, l:l + kw] += dZ[k, i, j] * W[k]
    return dAp[:, pad:pad + h, pad:pad + w], dW, dZ.sum(axis=(1, 2))
