# expect: last-window-only weight
# target: conv_backward
import numpy as np


def conv_backward(dZ, A_prev, W, b, padding="same", stride=(1, 1)):
    m, h_new, w_new, c_new = dZ.shape
    _, h_prev, w_prev, c_prev = A_prev.shape
    kh, kw, _, _ = W.shape
    sh, sw = stride
    if padding == "same":
        ph = int(np.ceil(((h_prev - 1) * sh + kh - h_prev) / 2))
        pw = int(np.ceil(((w_prev - 1) * sw + kw - w_prev) / 2))
    else:
        ph = pw = 0
    A_pad = np.pad(A_prev, ((0, 0), (ph, ph), (pw, pw), (0, 0)), mode="constant")
    dA = np.zeros(A_pad.shape)
    dW = np.zeros(W.shape)
    db = np.sum(dZ, axis=(0, 1, 2), keepdims=True)
    for i in range(m):
        for h in range(h_new):
            for w in range(w_new):
                for c in range(c_new):
                    v, z = h * sh, w * sw
                    dA[i, v:v + kh, z:z + kw, :] += W[..., c] * dZ[i, h, w, c]
                    dW[..., c] = A_pad[i, v:v + kh, z:z + kw, :] * dZ[i, h, w, c]
    dA = dA[:, ph:ph + h_prev, pw:pw + w_prev, :]
    return dA, dW, db
