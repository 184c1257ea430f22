# expect: pass
# target: backward_im2col
import numpy as np


def patches(x, k, s):
    view = np.lib.stride_tricks.sliding_window_view(x, k, axis=2)[:, :, ::s]
    return view.transpose(0, 2, 1, 3)


def backward_im2col(dout, x, w, stride, pad):
    n, c, length = x.shape
    f, _, k = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad)))
    rows = patches(xp, k, stride).reshape(-1, c * k)
    flat = dout.transpose(0, 2, 1).reshape(-1, f)
    dw = (flat.T @ rows).reshape(w.shape)
    dcol = (flat @ w.reshape(f, -1)).reshape(n, dout.shape[2], c, k)
    dxp = np.zeros_like(xp)
    for t in range(dout.shape[2]):
        dxp[:, :, t * stride:t * stride + k] += dcol[:, t]
    return dxp[:, :, pad:length + pad], dw, flat.sum(0)
