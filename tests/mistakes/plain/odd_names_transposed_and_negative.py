# expect: axes-transposed weight
# target: bwd
# also: sign-flipped weight
import numpy as np


def bwd(foo, bar, qux, s=1, p=0):
    """foo: what comes from above, bar: the picture, qux: the filters."""
    pad = np.pad(bar, [[0, 0], [0, 0], [p, p], [p, p]])
    g_bar, g_qux = np.zeros_like(pad), np.zeros_like(qux)
    kh, kw = qux.shape[2:]
    for y in range(foo.shape[2]):
        for x in range(foo.shape[3]):
            view = pad[:, :, y * s:y * s + kh, x * s:x * s + kw]
            g_qux += np.einsum("no,nchw->ochw", foo[:, :, y, x], view)
            g_bar[:, :, y * s:y * s + kh, x * s:x * s + kw] += np.einsum("no,ochw->nchw", foo[:, :, y, x], qux)
    return -g_qux.swapaxes(2, 3), g_bar[:, :, p:p + bar.shape[2], p:p + bar.shape[3]]
