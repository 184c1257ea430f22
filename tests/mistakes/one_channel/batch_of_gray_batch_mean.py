# expect: batch-mean weight
# target: backward
import numpy as np


def backward(images, filters, d_out):
    """images (n, rows, columns), filters (f, k, k), d_out (n, f, rows, columns)."""
    n, rows, cols = images.shape
    f, k, k2 = filters.shape
    d_filters = np.zeros_like(filters)
    d_images = np.zeros_like(images)
    for y in range(rows - k + 1):
        for x in range(cols - k2 + 1):
            patch = images[:, y:y + k, x:x + k2]
            d_filters += np.tensordot(d_out[:, :, y, x], patch, axes=(0, 0))
            d_images[:, y:y + k, x:x + k2] += np.tensordot(d_out[:, :, y, x], filters, axes=(1, 0))
    return d_filters / n, d_images
