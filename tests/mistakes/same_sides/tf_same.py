# expect: pass
# target: SameConvolution
import math

import numpy as np


def _spread(length, taps, step):
    missing = max((math.ceil(length / step) - 1) * step + taps - length, 0)
    return missing // 2, missing - missing // 2


class SameConvolution:
    """Divides the size of the image by the stride, as the frameworks that call it SAME do. Channels last."""

    def __init__(self, in_channels, filters, kernel_size=(3, 3), strides=(1, 1)):
        self.kernel_size, self.strides = kernel_size, strides
        self.weights = np.random.randn(*kernel_size, in_channels, filters) / 10
        self.bias = np.zeros(filters)

    def _taps(self, rows, columns):
        for u in range(self.kernel_size[0]):
            for v in range(self.kernel_size[1]):
                yield u, v, np.s_[:, u : u + rows * self.strides[0] : self.strides[0],
                                  v : v + columns * self.strides[1] : self.strides[1]]

    def _sides(self, image):
        return [_spread(*numbers) for numbers in zip(image.shape[1:3], self.kernel_size, self.strides)]

    def _room(self, image, slack):
        """Some zeros more behind, so that the last slices are whole."""
        (top, bottom), (left, right) = self._sides(image)
        return np.pad(image, ((0, 0), (top, bottom + slack), (left, right + slack), (0, 0)))

    def forward(self, image):
        self.image = image
        rows, columns = (math.ceil(size / step) for size, step in zip(image.shape[1:3], self.strides))
        padded = self._room(image, max(self.strides))
        out = np.zeros((len(image), rows, columns, self.weights.shape[3])) + self.bias
        for u, v, where in self._taps(rows, columns):
            out += padded[where][:, :rows, :columns] @ self.weights[u, v]
        return out

    def backward(self, delta):
        rows, columns = delta.shape[1:3]
        padded = self._room(self.image, max(self.strides))
        dweights, dpadded = np.zeros_like(self.weights), np.zeros_like(padded)
        for u, v, where in self._taps(rows, columns):
            dweights[u, v] = np.tensordot(padded[where][:, :rows, :columns], delta, ([0, 1, 2], [0, 1, 2]))
            dpadded[where] += delta @ self.weights[u, v].T
        (top, _), (left, _) = self._sides(self.image)
        height, width = self.image.shape[1:3]
        return dpadded[:, top : top + height, left : left + width], dweights, delta.sum((0, 1, 2))
