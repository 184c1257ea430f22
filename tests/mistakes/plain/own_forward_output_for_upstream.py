# expect: output-for-upstream weight
# target: kernel_step
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def forward(images, kernels):
    return np.einsum("bchwij,kcij->bkhw", sliding_window_view(images, kernels.shape[2:], axis=(2, 3)), kernels)


def kernel_step(delta, images, kernels):
    """delta: from the layer above."""
    out = forward(images, kernels)
    assert out.shape == delta.shape
    return np.einsum("bkhw,bchwij->kcij", out, sliding_window_view(images, kernels.shape[2:], axis=(2, 3)))
