# expect: last-sample-only bias
# target: conv3d_bwd
import numpy as np

# Volumes as tensorflow keeps them: (batch, depth, height, width, channels); kernels (kd, kh, kw, c_in, c_out).


def _corner(t, r, c, strides, kernel):
    a, b, d = t * strides[0], r * strides[1], c * strides[2]
    return np.s_[:, a : a + kernel[0], b : b + kernel[1], d : d + kernel[2], :]


def conv3d_fwd(x, w, b, strides):
    size = [(x.shape[1 + i] - w.shape[i]) // strides[i] + 1 for i in range(3)]
    y = np.zeros((x.shape[0], *size, w.shape[4]))
    for t, r, c in np.ndindex(*size):
        y[:, t, r, c] = np.tensordot(x[_corner(t, r, c, strides, w.shape)], w, 4) + b
    return y


def conv3d_bwd(dy, x, w, b, strides):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t, r, c in np.ndindex(*dy.shape[1:4]):
        at = _corner(t, r, c, strides, w.shape)
        dw += np.tensordot(x[at], dy[:, t, r, c], axes=(0, 0))
        dx[at] += np.tensordot(dy[:, t, r, c], w, axes=(1, 4))
    db = dy[-1].sum(axis=(0, 1, 2))
    return dx, dw, db
