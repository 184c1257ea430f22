# expect: pass
# target: smooth_backward
import numpy as np


def smooth(x, w):
    return np.correlate(x, w, mode="valid")


def smooth_backward(g, x, w):
    dw = np.correlate(x, g, mode="valid")
    dx = np.convolve(g, w, mode="full")
    return dx, dw
