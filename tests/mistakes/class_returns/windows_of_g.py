# expect: pass
# target: Conv
import numpy as np


def all_windows(images, size, k, margin, step=1):
    """Views of k x k, as many as `size` says."""
    images = np.pad(images, ((0, 0), (0, 0), (margin, margin), (margin, margin)))
    per_image, per_channel, per_row, per_pixel = images.strides
    shape = (*images.shape[:2], *size, k, k)
    steps = (per_image, per_channel, step * per_row, step * per_pixel, per_row, per_pixel)
    return np.lib.stride_tricks.as_strided(images, shape, steps)


class Conv:
    def __init__(self, in_channels, out_channels, kernel_size=3, padding=0):
        self.k, self.padding = kernel_size, padding
        self.weight = 1e-3 * np.random.randn(out_channels, in_channels, kernel_size, kernel_size)
        self.bias = np.zeros(out_channels)

    def forward(self, x):
        size = [length + 2 * self.padding - self.k + 1 for length in x.shape[2:]]
        self.cache = x.shape, all_windows(x, size, self.k, self.padding)
        out = np.einsum("bihwkl,oikl->bohw", self.cache[1], self.weight)
        return out + self.bias[None, :, None, None]

    def backward(self, dout):
        shape, windows = self.cache
        margin = self.k - 1 - self.padding
        # A margin below 0 is a cut.
        dout_part = dout if margin >= 0 else dout[:, :, -margin:margin, -margin:margin]
        around = all_windows(dout_part, shape[2:], self.k, max(margin, 0))
        dx = np.einsum("bohwkl,oikl->bihw", around, np.rot90(self.weight, 2, axes=(2, 3)))
        return dx, np.einsum("bihwkl,bohw->oikl", windows, dout), np.sum(dout, axis=(0, 2, 3))
