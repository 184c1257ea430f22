# expect: pass
# target: kernel_step
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def kernel_step(delta, images, kernels, threshold=None):
    """delta: from the layer above. The forward pass is run again for a threshold on the outputs, if there is one."""
    patches = sliding_window_view(images, kernels.shape[2:], axis=(2, 3))
    if threshold is not None:
        out = np.einsum("bchwij,kcij->bkhw", patches, kernels)
        delta = np.where(out > threshold, delta, 0.0)
    return np.einsum("bkhw,bchwij->kcij", delta, patches)
