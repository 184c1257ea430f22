# expect: full-margin-wrong input
# target: conv_grads
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv_grads(x, w, dout, pad=0):
    """dX as a convolution with the turned kernel, padded like the forward pass; dW as a correlation. Stride 1."""
    kh, kw = w.shape[2:]
    around = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    dx = np.einsum("nfhwuv,fcuv->nchw", sliding_window_view(np.pad(dout, around), (kh, kw), axis=(2, 3)), w[..., ::-1, ::-1])
    seen = sliding_window_view(np.pad(x, around), dout.shape[2:], axis=(2, 3))
    return dx, np.einsum("ncuvhw,nfhw->fcuv", seen, dout)
