# expect: full-margin-wrong input
# target: Conv
import numpy as np


def all_windows(images, k, margin):
    """Views of k x k, one for each place where they fit."""
    images = np.pad(images, ((0, 0), (0, 0), (margin, margin), (margin, margin)))
    return np.lib.stride_tricks.sliding_window_view(images, (k, k), axis=(2, 3))


class Conv:
    def __init__(self, in_channels, out_channels, kernel_size=3, padding=0):
        self.k, self.padding = kernel_size, padding
        self.weight = 1e-3 * np.random.randn(out_channels, in_channels, kernel_size, kernel_size)
        self.bias = np.zeros(out_channels)

    def forward(self, x):
        self.windows = all_windows(x, self.k, self.padding)
        out = np.einsum("bihwkl,oikl->bohw", self.windows, self.weight)
        return out + self.bias[None, :, None, None]

    def backward(self, dout):
        margin = self.padding if self.padding else self.k - 1
        dx = np.einsum("bohwkl,oikl->bihw", all_windows(dout, self.k, margin), self.weight[..., ::-1, ::-1])
        return dx, np.einsum("bihwkl,bohw->oikl", self.windows, dout), np.sum(dout, axis=(0, 2, 3))
