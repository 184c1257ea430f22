# expect: bias-axes-wrong bias
# target: conv_backward
import numpy as np


def conv_backward(dZ, A_prev, W, b, padding="valid", stride=(1, 1)):
    sh, sw = stride
    kh, kw, _, _ = W.shape
    m, h_prev, w_prev, _ = A_prev.shape
    ph = pw = 0
    if padding == "same":
        ph = -(-((h_prev - 1) * sh + kh - h_prev) // 2)
        pw = -(-((w_prev - 1) * sw + kw - w_prev) // 2)
    A = np.pad(A_prev, [(0, 0), (ph, ph), (pw, pw), (0, 0)])
    dA, dW = np.zeros_like(A), np.zeros_like(W)
    for i in range(dZ.shape[1]):
        for j in range(dZ.shape[2]):
            region = np.s_[:, i * sh:i * sh + kh, j * sw:j * sw + kw, :]
            dW += np.einsum("mhwc,mf->hwcf", A[region], dZ[:, i, j])
            dA[region] += np.einsum("mf,hwcf->mhwc", dZ[:, i, j], W)
    db = dZ.sum(axis=(0, 2, 3))
    return dA[:, ph:ph + h_prev, pw:pw + w_prev, :], dW, db
