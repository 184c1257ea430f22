# expect: pass
# target: conv_backward
import numpy as np


def conv_backward(upstream, cache):
    """One window after the other; a cache as a dict of arrays and sizes."""
    x, w, stride, pad = cache["x"], cache["w"], cache["stride"], cache["pad"]
    room = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    d_room, dw = np.zeros_like(room), np.zeros_like(w)
    kh, kw = w.shape[-2:]
    for n, f, i, j in np.ndindex(upstream.shape):
        top, left = i * stride, j * stride
        dw[f] += room[n, :, top : top + kh, left : left + kw] * upstream[n, f, i, j]
        d_room[n, :, top : top + kh, left : left + kw] += w[f] * upstream[n, f, i, j]
    return d_room[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw
