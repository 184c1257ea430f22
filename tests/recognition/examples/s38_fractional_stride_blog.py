"""Code for the post "Backprop through strided convolutions is a fractionally strided convolution"."""
import numpy as np


def corr(x, w):
    """Plain valid correlation. x: (B, C, H, W), w: (F, C, h, w)"""
    win = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum('bchwij,fcij->bfhw', win, w, optimize=True)


def insert_zeros(a, stride):
    """[1 2 3] -> [1 0 2 0 3] along both image axes"""
    b, c, h, w = a.shape
    z = np.zeros((b, c, (h - 1) * stride + 1, (w - 1) * stride + 1))
    z[:, :, ::stride, ::stride] = a
    return z


def forward(x, w, stride, pad):
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    return corr(xp, w)[:, :, ::stride, ::stride]


def backward(x, w, dy, stride, pad):
    H, W = x.shape[2:]
    h, v = w.shape[2:]
    z = insert_zeros(dy, stride)

    # rows / columns of the padded input which no window reached
    rest_y = H + 2 * pad - h - (z.shape[2] - 1)
    rest_x = W + 2 * pad - v - (z.shape[3] - 1)

    zf = np.pad(z, ((0, 0), (0, 0), (h - 1, h - 1 + rest_y), (v - 1, v - 1 + rest_x)))
    w_rot = np.flip(w, (2, 3)).swapaxes(0, 1)
    dx = corr(zf, w_rot)[:, :, pad:pad + H, pad:pad + W]

    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    xp = xp[:, :, :xp.shape[2] - rest_y, :xp.shape[3] - rest_x]
    dw = corr(xp.swapaxes(0, 1), z.swapaxes(0, 1)).swapaxes(0, 1)
    return dx, dw
