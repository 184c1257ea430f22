# expect: padding-mode-wrong weight
# target: reflect_backward
import numpy as np


def reflect_backward(dout, x, w, pad):
    """The forward pads with np.pad(..., mode="reflect")."""
    rows, columns = (np.pad(np.arange(size), pad, mode="reflect") for size in x.shape[2:])
    xp = x[:, :, rows[:, None], columns]
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    for i, j in np.ndindex(*dout.shape[2:]):
        at = np.s_[:, :, i:i + w.shape[2], j:j + w.shape[3]]
        dw += np.tensordot(dout[:, :, i, j], np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))[at], (0, 0))
        dxp[at] += np.tensordot(dout[:, :, i, j], w, 1)
    dx = np.zeros_like(x)
    np.add.at(dx, (slice(None), slice(None), rows[:, None], columns), dxp)
    return dx, dw
