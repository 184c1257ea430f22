# expect: padding-split-wrong input
# target: conv_same_backward
import numpy as np


def conv_same_backward(dout, x, w):
    """dx, dw, db of y = conv(x padded to keep its size, w): k - 1 zeros an axis, the odd one at the end, as torch."""
    K, _, R, S = w.shape
    H, W = x.shape[2:]
    t, l = (R - 1) // 2, (S - 1) // 2
    xp = np.pad(x, ((0, 0), (0, 0), (t, R - 1 - t), (l, S - 1 - l)))
    dw = np.empty_like(w)
    for r in range(R):
        for s in range(S):
            dw[:, :, r, s] = np.einsum("nkhw,nchw->kc", dout, xp[:, :, r : r + H, s : s + W])
    gp = np.pad(dout, ((0, 0), (0, 0), (t, R - 1 - t), (l, S - 1 - l)))
    dx = np.zeros_like(x)
    for r in range(R):
        for s in range(S):
            dx += np.einsum("nkhw,kc->nchw", gp[:, :, R - 1 - r :, S - 1 - s :][:, :, :H, :W], w[:, :, r, s])
    return dx, dw, dout.sum((0, 2, 3))
