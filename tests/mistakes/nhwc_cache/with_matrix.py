# expect: pass
# target: backward_step
import numpy as np


def forward_step(A_prev, W, b, hparameters):
    s, p = hparameters["stride"], hparameters["pad"]
    kh, kw, c_in, c_out = W.shape
    m, h, w, _ = A_prev.shape
    oh, ow = (h + 2 * p - kh) // s + 1, (w + 2 * p - kw) // s + 1
    padded = np.pad(A_prev, ((0, 0), (p, p), (p, p), (0, 0)))
    rows = np.stack([padded[:, i * s:i * s + kh, j * s:j * s + kw, :].reshape(m, -1) for i in range(oh) for j in range(ow)], 1)
    Z = rows @ W.reshape(-1, c_out) + b.reshape(-1)
    return Z.reshape(m, oh, ow, c_out), (A_prev, W, b, hparameters, rows)


def backward_step(dZ, cache):
    A_prev, W, b, hparameters, rows = cache
    s, p = hparameters["stride"], hparameters["pad"]
    kh, kw, c_in, c_out = W.shape
    m, oh, ow, _ = dZ.shape
    flat = dZ.reshape(m, oh * ow, c_out)
    dW = np.einsum("nlk,nlo->ko", rows, flat).reshape(W.shape)
    d_rows = (flat @ W.reshape(-1, c_out).T).reshape(m, oh, ow, kh, kw, c_in)
    dA = np.zeros((m, A_prev.shape[1] + 2 * p, A_prev.shape[2] + 2 * p, c_in))
    for i in range(oh):
        for j in range(ow):
            dA[:, i * s:i * s + kh, j * s:j * s + kw, :] += d_rows[:, i, j]
    dA = dA[:, p:p + A_prev.shape[1], p:p + A_prev.shape[2], :]
    db = flat.sum(axis=(0, 1)).reshape(1, 1, 1, c_out)
    return dA, dW, db
