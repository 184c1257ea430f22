# expect: pass
# target: ring_conv_backward
import numpy as np


def ring_conv_backward(g, x, w):
    """A ring of samples (n, c, l): circular padding that keeps the length."""
    reach = w.shape[2] // 2
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for k in range(w.shape[2]):
        moved = np.roll(x, reach - k, axis=2)
        dw[:, :, k] = np.einsum("not,nct->oc", g, moved)
        dx += np.roll(np.einsum("not,oc->nct", g, w[:, :, k]), k - reach, axis=2)
    return dx, dw, g.sum((0, 2))
