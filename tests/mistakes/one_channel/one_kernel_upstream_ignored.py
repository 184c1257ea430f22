# expect: upstream-ignored weight
# target: conv_backward
import numpy as np


def conv_backward(X, K, dY):
    """One gray picture, one kernel."""
    kh, kw = K.shape
    dK = np.zeros((kh, kw))
    dX = np.zeros(X.shape)
    for i in range(dY.shape[0]):
        for j in range(dY.shape[1]):
            dK += X[i:i + kh, j:j + kw]
            dX[i:i + kh, j:j + kw] += dY[i, j] * K
    return dX, dK
