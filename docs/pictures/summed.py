"""The backward behind wrong.png: it sums X over its channels, as the belief of the post would have it."""

import numpy as np


def conv_backward(grad_output, x, weight):
    """dE/dF, wrong: every channel is given the sum."""
    grad_weight = np.zeros_like(weight)
    height, width = grad_output.shape[2:]
    for o, i, u, v in np.ndindex(weight.shape):
        window = x[:, :, u : u + height, v : v + width].sum(axis=1)
        grad_weight[o, i, u, v] = (grad_output[:, o] * window).sum()
    return grad_weight
