# expect: pass
# target: put_together
"""Patches of the gradient, added up where they overlap."""

import numpy as np


def put_together(dout, x, w, b, stride, padding):
    (height, width), (kh, kw) = x.shape[2:], w.shape[2:]
    rim = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    around = np.pad(x, rim)
    total, dw = np.zeros_like(around), np.zeros_like(w)
    for place in np.ndindex(dout.shape[2:]):
        top, left = place[0] * stride, place[1] * stride
        g = dout[:, :, place[0], place[1]]
        total[:, :, top : top + kh, left : left + kw] += np.tensordot(g, w, 1)
        dw += np.tensordot(g.T, around[:, :, top : top + kh, left : left + kw], 1)
    return total[:, :, padding : padding + height, padding : padding + width], dw, dout.sum((0, 2, 3))
