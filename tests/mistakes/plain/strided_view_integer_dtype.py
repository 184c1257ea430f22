# expect: integer-dtype weight
# target: conv_grads
import numpy as np


def conv_grads(X, W, dY, stride=1, pad=0):
    """Windows in one strided view; all three gradients."""
    Xp = np.pad(X.astype(int), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    kh, kw = W.shape[2:]
    view = np.lib.stride_tricks.sliding_window_view(Xp, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    view = view[:, :, :dY.shape[2], :dY.shape[3]]
    dW = np.einsum("nopq,nipquv->oiuv", dY, view)
    db = dY.sum(axis=(0, 2, 3))
    dXp = np.zeros(Xp.shape)
    for p in range(dY.shape[2]):
        for q in range(dY.shape[3]):
            r, c = p * stride, q * stride
            dXp[:, :, r:r + kh, c:c + kw] += np.einsum("no,oiuv->niuv", dY[:, :, p, q], W)
    dX = dXp[:, :, pad:pad + X.shape[2], pad:pad + X.shape[3]]
    return dX, dW, db
