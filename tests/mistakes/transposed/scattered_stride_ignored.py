# expect: stride-ignored input
# target: conv_transpose_backward
import numpy as np


def conv_transpose_backward(dout, x, w, stride, padding):
    """w (in, out, kh, kw); windows lie in the output."""
    n, c, height, width = x.shape
    kh, kw = w.shape[2:]
    framed = np.pad(dout, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(height):
        for j in range(width):
            window = framed[:, :, i * stride:i * stride + kh, j * stride:j * stride + kw]
            near = framed[:, :, i:i + kh, j:j + kw]
            dx[:, :, i, j] = np.einsum("nouv,couv->nc", near, w)
            dw += np.einsum("nc,nouv->couv", x[:, :, i, j], window)
    return dx, dw, dout.sum(axis=(0, 2, 3))
