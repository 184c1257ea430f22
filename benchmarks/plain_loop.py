"""A backward as people write it first: plain loops over batch, filters, rows and columns. A target for `verify`."""

import numpy as np


def conv_backward(dout, x, w, b, stride, pad):
    """dx, dw, db of a convolution."""
    n_images, _, height, width = x.shape
    n_filters, _, kh, kw = w.shape
    _, _, h_out, w_out = dout.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx_pad, dw, db = np.zeros_like(x_pad), np.zeros_like(w), np.zeros_like(b)
    for n in range(n_images):
        for f in range(n_filters):
            for i in range(h_out):
                for j in range(w_out):
                    rows, columns = slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)
                    dw[f] += dout[n, f, i, j] * x_pad[n, :, rows, columns]
                    dx_pad[n, :, rows, columns] += dout[n, f, i, j] * w[f]
                    db[f] += dout[n, f, i, j]
    return dx_pad[:, :, pad : pad + height, pad : pad + width], dw, db
