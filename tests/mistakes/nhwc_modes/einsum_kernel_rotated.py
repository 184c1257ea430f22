# expect: kernel-rotated weight
# target: conv_backward
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv_backward(dZ, A_prev, W, b, padding="valid", stride=(1, 1)):
    kh, kw = W.shape[:2]
    sh, sw = stride
    if padding not in ("same", "valid"):
        raise ValueError("padding must be same or valid")
    ph = ((A_prev.shape[1] - 1) * sh + kh - A_prev.shape[1] + 1) // 2 if padding == "same" else 0
    pw = ((A_prev.shape[2] - 1) * sw + kw - A_prev.shape[2] + 1) // 2 if padding == "same" else 0
    X = np.pad(A_prev, ((0, 0), (ph, ph), (pw, pw), (0, 0)))
    view = sliding_window_view(X, (kh, kw), axis=(1, 2))[:, ::sh, ::sw]
    dW = np.einsum("npqcuv,npqo->uvco", view[:, :dZ.shape[1], :dZ.shape[2]], dZ)
    dW = dW[::-1, ::-1]
    dX = np.zeros_like(X)
    for u in range(kh):
        for v in range(kw):
            dX[:, u:u + sh * dZ.shape[1]:sh, v:v + sw * dZ.shape[2]:sw] += dZ @ W[u, v].T
    return dX[:, ph:ph + A_prev.shape[1], pw:pw + A_prev.shape[2]], dW, dZ.sum((0, 1, 2)).reshape(1, 1, 1, -1)
