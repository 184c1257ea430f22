# expect: pass
# target: conv_grad_w
import itertools

import numpy as np


def conv_grad_w(X, W, dY, strides=(1, 1), pads=(0, 0)):
    """One product for every output and tap; the picture is read as 0 outside of its frame."""
    n_h, n_w = X.shape[2:]
    dW = np.zeros(W.shape)
    taps = list(itertools.product(range(W.shape[2]), range(W.shape[3])))
    for i, j in itertools.product(range(dY.shape[2]), range(dY.shape[3])):
        for u, v in taps:
            r, c = i * strides[0] + u - pads[0], j * strides[1] + v - pads[1]
            if 0 <= r < n_h and 0 <= c < n_w:
                dW[:, :, u, v] += dY[:, :, i, j].T @ X[:, :, r, c]
    return dW
