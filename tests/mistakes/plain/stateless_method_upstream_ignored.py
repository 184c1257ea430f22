# expect: upstream-ignored weight
# target: ConvOps.backward
import numpy as np


class ConvOps:
    """Operations without state."""

    def backward(self, dY, X, W, stride, pad):
        dX, dW = np.zeros((X.shape[0], X.shape[1], X.shape[2] + 2 * pad, X.shape[3] + 2 * pad)), np.zeros(W.shape)
        Xp = np.pad(X, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        for n, f, i, j in np.ndindex(*dY.shape):
            a, b = i * stride, j * stride
            dW[f] += Xp[n, :, a:a + W.shape[2], b:b + W.shape[3]]
            dX[n, :, a:a + W.shape[2], b:b + W.shape[3]] += dY[n, f, i, j] * W[f]
        return dX[:, :, pad:pad + X.shape[2], pad:pad + X.shape[3]], dW, dY.sum(axis=(0, 2, 3))
