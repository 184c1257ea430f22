# expect: output-for-upstream weight
# target: Convolution
import numpy as np


class Convolution:
    """Keeps what it has seen and what it has put out."""

    def __init__(self, in_channels, out_channels, kernel_size):
        self.filters = np.random.normal(size=(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = np.random.normal(size=out_channels)
        self.seen = self.made = None

    def _steps(self):
        side = self.filters.shape[2]
        for row in range(self.seen.shape[2] - side + 1):
            for column in range(self.seen.shape[3] - side + 1):
                yield row, column, (..., slice(row, row + side), slice(column, column + side))

    def forward(self, pictures):
        self.seen, side = pictures, self.filters.shape[2]
        size = [length - side + 1 for length in pictures.shape[2:]]
        self.made = np.zeros((len(pictures), len(self.filters), *size))
        for row, column, window in self._steps():
            self.made[:, :, row, column] = np.tensordot(pictures[window], self.filters, ([1, 2, 3], [1, 2, 3]))
        self.made += self.bias.reshape(1, -1, 1, 1)
        return self.made

    def backward(self, received):
        to_pictures, to_filters = np.zeros(self.seen.shape), np.zeros(self.filters.shape)
        for row, column, window in self._steps():
            here = received[:, :, row, column]
            to_filters += np.tensordot(self.made[:, :, row, column], self.seen[window], (0, 0))
            to_pictures[window] += np.tensordot(here, self.filters, (1, 0))
        return to_pictures, to_filters, received.sum(axis=(0, 2, 3))
