# expect: input-grad-kernel-unrotated input
# target: smooth_backward
import numpy as np


def smooth(x, w):
    return np.correlate(x, w, mode="valid")


def smooth_backward(g, x, w):
    dw = np.correlate(x, g, mode="valid")
    dx = np.correlate(g, w, mode="full")
    return dx, dw
