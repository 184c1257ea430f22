# expect: bias-totalled bias
# target: conv_transpose1d_backward
import numpy as np


def conv_transpose1d_backward(grad_output, x, weight, stride=1):
    """x (n, c, t), weight (c, o, k): value t of x reaches k places of the output from stride * t on."""
    taps = weight.shape[2]
    places = stride * np.arange(x.shape[2])[:, None] + np.arange(taps)
    reached = grad_output[:, :, places]
    grad_x = np.einsum("notk,cok->nct", reached, weight)
    grad_weight = np.einsum("nct,notk->cok", x, reached)
    return grad_x, grad_weight, np.full(weight.shape[1], grad_output.sum())
