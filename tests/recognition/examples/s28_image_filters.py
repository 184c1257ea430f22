"""Learnable image filters for photos (height, width, colour). Used in my thesis for learning edge detectors."""
import numpy as np


def pad_image(image, border):
    h, w, c = image.shape
    canvas = np.zeros((h + 2 * border, w + 2 * border, c), dtype=np.uint8)
    canvas[border:border + h, border:border + w] = image
    return canvas


def _pad_float(image, border):
    return np.pad(image, ((border, border), (border, border), (0, 0)))


def apply_filters(image, filters):
    """filters: (n, size, size, colours), odd size; result has the size of the image: (h, w, n)"""
    n, size, _, _ = filters.shape
    r = size // 2
    big = _pad_float(image, r)
    h, w = image.shape[:2]
    response = np.zeros((h, w, n))
    for y in range(h):
        for x in range(w):
            response[y, x] = np.tensordot(filters, big[y:y + size, x:x + size], axes=3)
    return response


def filter_gradients(image, filters, d_response):
    """gradient of the loss with respect to image and filters"""
    n, size, _, _ = filters.shape
    r = size // 2
    big = pad_image(image, r)
    h, w = image.shape[:2]
    d_filters = np.zeros(filters.shape)
    d_big = np.zeros(big.shape)
    for y in range(h):
        for x in range(w):
            d_filters += d_response[y, x][:, None, None, None] * big[y:y + size, x:x + size]
            d_big[y:y + size, x:x + size] += np.tensordot(d_response[y, x], filters, axes=1)
    d_image = d_big[r:r + h, r:r + w]
    return d_image, d_filters
