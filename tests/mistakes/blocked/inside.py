# expect: pass
# target: grads_of_conv
"""No padded copy: every tap looks whether its pixel is inside the picture."""
import numpy as np


def grads_of_conv(upstream, pictures, kernels, step=1, margin=0):
    batch, channels, height, width = pictures.shape
    filters, _, kernel_rows, kernel_columns = kernels.shape
    of_pictures, of_kernels = np.zeros(pictures.shape), np.zeros(kernels.shape)
    for y in range(upstream.shape[2]):
        for x in range(upstream.shape[3]):
            for u in range(kernel_rows):
                for v in range(kernel_columns):
                    row, column = y * step + u - margin, x * step + v - margin
                    if 0 <= row < height and 0 <= column < width:
                        of_kernels[:, :, u, v] += upstream[:, :, y, x].T @ pictures[:, :, row, column]
                        of_pictures[:, :, row, column] += upstream[:, :, y, x] @ kernels[:, :, u, v]
    return of_pictures, of_kernels, upstream.sum(axis=(0, 2, 3))
