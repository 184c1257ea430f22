# expect: never-filled weight, never-filled input
# target: backward
import numpy as np


def backward(grad, x, kernel):
    """To be finished after the lecture."""
    d_kernel = np.zeros_like(kernel)
    d_x = np.zeros_like(x)
    # TODO: loop over the outputs
    return d_x, d_kernel
