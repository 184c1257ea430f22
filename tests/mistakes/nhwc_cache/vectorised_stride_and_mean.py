# expect: stride-ignored weight
# target: conv_backward
# also: batch-mean weight
# also: stride-ignored input
import numpy as np


def conv_backward(dZ, cache):
    A_prev, W, b, hparameters = cache
    stride, pad = hparameters["stride"], hparameters["pad"]
    m, H_prev, W_prev, C_prev = A_prev.shape
    fh, fw, _, n_C = W.shape
    A_pad = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    dA_pad = np.zeros_like(A_pad)
    dW = np.zeros_like(W)
    for h in range(dZ.shape[1]):
        for w in range(dZ.shape[2]):
            hs, ws = h, w
            patch = A_pad[:, hs:hs + fh, ws:ws + fw, :]
            dW += np.tensordot(patch, dZ[:, h, w, :], axes=([0], [0]))
            dA_pad[:, hs:hs + fh, ws:ws + fw, :] += np.tensordot(dZ[:, h, w, :], W, axes=([1], [3]))
    db = dZ.sum(axis=(0, 1, 2)).reshape(b.shape)
    return dA_pad[:, pad:pad + H_prev, pad:pad + W_prev, :], dW / m, db
