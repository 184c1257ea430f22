# expect: input-grad-kernel-unrotated input
# target: backward_steps
import numpy as np


def backward_steps(dZ, A_prev, W, stride):
    """(m, steps, features) beside a kernel of (taps, features, units)."""
    m, steps, features = A_prev.shape
    taps, _, units = W.shape
    dA_prev = np.zeros(A_prev.shape)
    dW = np.zeros(W.shape)
    for at in range(dZ.shape[1]):
        begin = at * stride
        piece = A_prev[:, begin:begin + taps, :]
        dW += np.einsum("mtf,mu->tfu", piece, dZ[:, at, :])
        dA_prev[:, begin:begin + taps, :] += np.einsum("mu,tfu->mtf", dZ[:, at, :], W[::-1])
    db = dZ.sum(axis=(0, 1))
    return dA_prev, dW, db
