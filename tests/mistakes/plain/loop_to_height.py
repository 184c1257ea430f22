# expect: rows-columns-mixed weight
# target: filter_gradient
import numpy as np


def filter_gradient(grad, image, filters, stride=1, pad=0):
    image = np.pad(image, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    size, out = filters.shape[-1], min(grad.shape[-2:])
    result = np.zeros_like(filters)
    for y in range(out):
        for x in range(out):
            top, left = y * stride, x * stride
            patch = image[:, :, top:top + filters.shape[-2], left:left + size]
            result += np.tensordot(grad[:, :, y, x], patch, axes=(0, 0))
    return result
