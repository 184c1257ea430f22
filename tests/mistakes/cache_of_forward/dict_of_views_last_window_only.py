# expect: last-window-only input
# target: conv_layer_backward
import numpy as np


def conv_layer_forward(A, K, bias, hparams):
    s, p = hparams["stride"], hparams["pad"]
    Ap = np.pad(A, ((0, 0), (0, 0), (p, p), (p, p)))
    views = np.lib.stride_tricks.sliding_window_view(Ap, K.shape[2:], axis=(2, 3))[:, :, ::s, ::s]
    Z = np.einsum("ncpquv,fcuv->nfpq", views, K) + bias.reshape(1, -1, 1, 1)
    return Z, dict(views=views, K=K, hparams=hparams, dims=A.shape)


def conv_layer_backward(dZ, cache):
    views, K, hparams, dims = cache["views"], cache["K"], cache["hparams"], cache["dims"]
    s, p = hparams["stride"], hparams["pad"]
    dK = np.einsum("ncpquv,nfpq->fcuv", views, dZ)
    dA = np.zeros((dims[0], dims[1], dims[2] + 2 * p, dims[3] + 2 * p))
    kh, kw = K.shape[2:]
    for u in range(kh):
        for v in range(kw):
            spread = np.einsum("nfpq,fc->ncpq", dZ, K[:, :, u, v])
            dA[:, :, u:u + s * dZ.shape[2]:s, v:v + s * dZ.shape[3]:s] = spread
    return dA[:, :, p:p + dims[2], p:p + dims[3]], dK, dZ.sum(axis=(0, 2, 3))
