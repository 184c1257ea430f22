# expect: pass
# target: conv3d_backward
import numpy as np


def correlate_planes(planes, kernel):
    """(h, w) with (h', w'): every offset of one in the other."""
    rows, columns = planes.shape[0] - kernel.shape[0] + 1, planes.shape[1] - kernel.shape[1] + 1
    found = np.zeros((rows, columns))
    for r in range(rows):
        for c in range(columns):
            found[r, c] = np.vdot(planes[r : r + kernel.shape[0], c : c + kernel.shape[1]], kernel)
    return found


def conv3d_backward(dout, x, w):
    """A volume is a stack of planes: (n, c, d, h, w) with (f, c, kd, kh, kw)."""
    dw, dx = np.zeros(w.shape), np.zeros(x.shape)
    kh, kw = w.shape[3:]
    for n, f, c in np.ndindex(x.shape[0], w.shape[0], w.shape[1]):
        for d in range(dout.shape[2]):
            framed = np.pad(dout[n, f, d], ((kh - 1, kh - 1), (kw - 1, kw - 1)))
            for k in range(w.shape[2]):
                dw[f, c, k] += correlate_planes(x[n, c, d + k], dout[n, f, d])
                dx[n, c, d + k] += correlate_planes(framed, w[f, c, k, ::-1, ::-1])
    return dw, dx
