# expect: pass
# target: convolve_back
import numpy as np


def _ends(taps):
    """SAME_LOWER: of an odd number of zeros, the odd one stands in front."""
    return taps // 2, taps - 1 - taps // 2


def _frame(image, mask):
    return np.pad(image, ((0, 0), (0, 0), _ends(mask.shape[2]), _ends(mask.shape[3])))


def convolve_back(grad, image, mask):
    framed = _frame(image, mask)
    patches = np.lib.stride_tricks.sliding_window_view(framed, grad.shape[2:], axis=(2, 3))
    grad_mask = np.tensordot(grad, patches, ([0, 2, 3], [0, 4, 5]))
    grad_framed = np.zeros_like(framed)
    for y in range(grad.shape[2]):
        for x in range(grad.shape[3]):
            grad_framed[:, :, y : y + mask.shape[2], x : x + mask.shape[3]] += np.tensordot(grad[:, :, y, x], mask, 1)
    (top, bottom), (left, right) = _ends(mask.shape[2]), _ends(mask.shape[3])
    grad_image = grad_framed[:, :, top : grad_framed.shape[2] - bottom, left : grad_framed.shape[3] - right]
    return grad_image, grad_mask, grad.sum(axis=(0, 2, 3))
