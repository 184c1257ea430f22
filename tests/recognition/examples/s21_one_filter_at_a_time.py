import numpy as np

# My understanding of backprop in a conv layer, written down filter by filter.
# Input: one image (channels, rows, cols). Filters: list of arrays (channels, k, k).


def forward(img, filters, biases):
    k = filters[0].shape[-1]
    _, rows, cols = img.shape
    maps = []
    for filt, bias in zip(filters, biases):
        fmap = np.full((rows - k + 1, cols - k + 1), float(bias))
        for r in range(fmap.shape[0]):
            for c in range(fmap.shape[1]):
                fmap[r, c] += np.sum(img[:, r:r + k, c:c + k] * filt)
        maps.append(fmap)
    return np.stack(maps)


def backward(dmaps, img, filters):
    """returns (dimg, dfilters, dbiases)"""
    k = filters[0].shape[-1]
    dfilters, dbiases = [], []
    for dmap, filt in zip(dmaps, filters):
        dimg = np.zeros(img.shape)
        dfilt = np.zeros(filt.shape)
        for r in range(dmap.shape[0]):
            for c in range(dmap.shape[1]):
                dfilt += dmap[r, c] * img[:, r:r + k, c:c + k]
                dimg[:, r:r + k, c:c + k] += dmap[r, c] * filt
        dfilters.append(dfilt)
        dbiases.append(dmap.sum())
    return dimg, dfilters, dbiases
