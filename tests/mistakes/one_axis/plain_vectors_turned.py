# expect: upstream-rotated weight
# target: smooth_backward
import numpy as np


def smooth(x, w):
    return np.correlate(x, w, mode="valid")


def smooth_backward(g, x, w):
    dw = np.convolve(x, g, mode="valid")
    dx = np.convolve(g, w, mode="full")
    return dx, dw
