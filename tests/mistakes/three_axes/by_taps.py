# expect: pass
# target: volume_grads
import itertools

import numpy as np


def volume_grads(volume, kernel, grad, dilation=1):
    """Shapes (n, c, d, h, w), (o, c, kd, kh, kw), (n, o, ...)."""
    d_volume, d_kernel = np.zeros(volume.shape), np.zeros(kernel.shape)
    for tap in itertools.product(*map(range, kernel.shape[2:])):
        cube = tuple(slice(t * dilation, t * dilation + size) for t, size in zip(tap, grad.shape[2:]))
        at = (slice(None), slice(None), *cube)
        d_kernel[(slice(None), slice(None), *tap)] = np.einsum("nozyx,nczyx->oc", grad, volume[at])
        d_volume[at] += np.einsum("nozyx,oc->nczyx", grad, kernel[(slice(None), slice(None), *tap)])
    return d_volume, d_kernel
