# expect: pass
# target: grad_of_image
import numpy as np


def with_gaps(g, stride, axis):
    """stride - 1 zeros between neighbours along one axis."""
    gaps = [place for place in range(1, g.shape[axis]) for _ in range(stride - 1)]
    return np.insert(g, gaps, 0.0, axis=axis)


def grad_of_image(dout, x, w, stride=1):
    _, _, kh, kw = w.shape
    g = with_gaps(with_gaps(dout, stride, 2), stride, 3)
    full = np.zeros((g.shape[0], x.shape[1], x.shape[2], x.shape[3]))
    for a in range(kh):
        for b in range(kw):
            full[:, :, a:a + g.shape[2], b:b + g.shape[3]] += np.einsum("nfij,fc->ncij", g, w[:, :, a, b])
    return full
