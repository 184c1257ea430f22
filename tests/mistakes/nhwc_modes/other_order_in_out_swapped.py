# expect: in-out-swapped weight
# target: conv_grads
import numpy as np


def conv_grads(A_prev, W, dZ, stride=(1, 1), padding="valid"):
    """Only the two gradients, input first."""
    (sh, sw), (kh, kw) = stride, W.shape[:2]
    pad = [(0, 0)] * 4
    if padding == "same":
        pad[1], pad[2] = ((kh - 1) // 2, kh // 2), ((kw - 1) // 2, kw // 2)
    Xp = np.pad(A_prev, pad)
    dXp, dW = np.zeros_like(Xp), np.zeros_like(W)
    for h in range(dZ.shape[1]):
        for w in range(dZ.shape[2]):
            g = dZ[:, h, w, :]
            win = (slice(None), slice(h * sh, h * sh + kh), slice(w * sw, w * sw + kw))
            dW += np.einsum("nuvc,no->uvco", Xp[win], g)
            dXp[win] += np.einsum("uvco,no->nuvc", W, g)
    top, left = pad[1][0], pad[2][0]
    dW = dW.swapaxes(2, 3)
    return dXp[:, top:top + A_prev.shape[1], left:left + A_prev.shape[2], :], dW
