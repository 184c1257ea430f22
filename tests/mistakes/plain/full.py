# expect: pass
# target: conv_grads
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv_grads(x, w, dout, stride=1, pad=0):
    """dX as a full convolution with the turned kernel, dW as a correlation with the spread upstream gradient."""
    kh, kw = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    n, f, oh, ow = dout.shape
    spread = np.zeros((n, f, stride * (oh - 1) + 1, stride * (ow - 1) + 1))
    spread[:, :, ::stride, ::stride] = dout
    left_h, left_w = xp.shape[2] - spread.shape[2] - kh + 1, xp.shape[3] - spread.shape[3] - kw + 1
    margin_h, margin_w = kh - 1, kw - 1
    wide = np.pad(spread, ((0, 0), (0, 0), (margin_h, margin_h + left_h), (margin_w, margin_w + left_w)))
    view = sliding_window_view(wide, (kh, kw), axis=(2, 3))
    dxp = np.einsum("nfhwuv,fcuv->nchw", view, w[:, :, ::-1, ::-1])
    dx = dxp[:, :, pad:dxp.shape[2] - pad, pad:dxp.shape[3] - pad]
    seen = sliding_window_view(xp, spread.shape[2:], axis=(2, 3))[:, :, :kh, :kw]
    dw = np.einsum("ncuvhw,nfhw->fcuv", seen, spread)
    return dx, dw
