# expect: filters-collapsed input
# target: backward
import numpy as np


def matrix_of(taps, length):
    """Row t holds the taps from place t on: the convolution as a product."""
    rows = length - len(taps) + 1
    band = np.zeros((rows, length))
    for t in range(rows):
        band[t, t : t + len(taps)] = taps
    return band


def backward(g, x, w):
    """g (n, f, t), x (n, c, l), w (f, c, k)."""
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for f in range(w.shape[0]):
        for c in range(w.shape[1]):
            dx[:, c] += g.sum(1) @ matrix_of(w[f, c], x.shape[2])
            for k in range(w.shape[2]):
                dw[f, c, k] = (g[:, f] * x[:, c, k : k + g.shape[2]]).sum()
    return dx, dw
