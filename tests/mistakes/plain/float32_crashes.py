# expect: crashes call
# target: conv_backward
import numpy as np


def conv_backward(x, w, dout, stride=1, pad=0):
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dw = np.zeros(w.shape, dtype=np.float64)
    dxp = np.zeros(xp.shape, dtype=np.float64)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            si, sj = i * stride, j * stride
            block = xp[:, :, si:si + w.shape[2], sj:sj + w.shape[2]]
            dw += np.einsum("no,ncuv->ocuv", dout[:, :, i, j], block)
            dxp[:, :, si:si + w.shape[2], sj:sj + w.shape[3]] += np.einsum("no,ocuv->ncuv", dout[:, :, i, j], w)
    return dxp[:, :, pad:dxp.shape[2] - pad, pad:dxp.shape[3] - pad], dw, dout.sum(axis=(0, 2, 3))
