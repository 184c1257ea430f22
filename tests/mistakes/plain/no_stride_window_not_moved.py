# expect: window-not-moved weight
# target: backprop_kernel
import numpy as np


def backprop_kernel(image, d_out, kernel_shape):
    """Gradient of the kernels only."""
    num, chans, kh, kw = kernel_shape
    d_kernel = np.zeros(kernel_shape)
    for f in range(num):
        for c in range(chans):
            for y in range(kh):
                for x in range(kw):
                    section = image[:, c, :d_out.shape[2], :d_out.shape[3]]
                    d_kernel[f, c, y, x] = np.sum(section * d_out[:, f])
    return d_kernel
