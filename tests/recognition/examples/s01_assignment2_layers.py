from builtins import range
import numpy as np


def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1).dot(w) + b
    cache = (x, w, b)
    return out, cache


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    return dout * (cache > 0)


def conv_forward_naive(x, w, b, conv_param):
    """A naive implementation of the forward pass for a convolutional layer.

    Input:
    - x: Input data of shape (N, C, H, W)
    - w: Filter weights of shape (F, C, HH, WW)
    - b: Biases, of shape (F,)
    - conv_param: A dictionary with the following keys:
      - 'stride': The number of pixels between adjacent receptive fields
      - 'pad': The number of pixels that will be used to zero-pad the input.

    Returns a tuple of (out, cache)
    """
    out = None
    # *****START OF YOUR CODE*****
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    S, P = conv_param['stride'], conv_param['pad']
    x_pad = np.pad(x, ((0,), (0,), (P,), (P,)), 'constant')
    Ho = 1 + (H + 2 * P - HH) // S
    Wo = 1 + (W + 2 * P - WW) // S
    out = np.zeros((N, F, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            win = x_pad[:, :, i * S:i * S + HH, j * S:j * S + WW]
            for k in range(F):
                out[:, k, i, j] = np.sum(win * w[k, :, :, :], axis=(1, 2, 3))
    out = out + b[None, :, None, None]
    # *****END OF YOUR CODE*****
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    """A naive implementation of the backward pass for a convolutional layer.

    Returns a tuple of: dx, dw, db
    """
    dx, dw, db = None, None, None
    # *****START OF YOUR CODE*****
    x, w, b, conv_param = cache
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    S, P = conv_param['stride'], conv_param['pad']
    Ho, Wo = dout.shape[2:]
    x_pad = np.pad(x, ((0,), (0,), (P,), (P,)), 'constant')
    dx_pad = np.zeros_like(x_pad)
    dw = np.zeros_like(w)
    db = np.sum(dout, axis=(0, 2, 3))
    for i in range(Ho):
        for j in range(Wo):
            x_win = x_pad[:, :, i * S:i * S + HH, j * S:j * S + WW]
            for k in range(F):
                dw[k] += np.sum(x_win * (dout[:, k, i, j])[:, None, None, None], axis=0)
            for n in range(N):
                dx_pad[n, :, i * S:i * S + HH, j * S:j * S + WW] += np.sum(
                    w * (dout[n, :, i, j])[:, None, None, None], axis=0)
    dx = dx_pad[:, :, P:P + H, P:P + W]
    # *****END OF YOUR CODE*****
    return dx, dw, db
