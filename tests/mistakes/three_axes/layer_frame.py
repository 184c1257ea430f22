# expect: padding-not-stripped input
# target: Conv3d
import numpy as np


class Conv3d:
    def __init__(self, in_channels, out_channels, kernel_size, padding=0):
        k = kernel_size
        self.weight = np.random.randn(out_channels, in_channels, k, k, k)
        self.bias = np.zeros(out_channels)
        self.k, self.padding = k, padding

    def view(self, padded):
        return np.lib.stride_tricks.sliding_window_view(padded, (self.k,) * 3, axis=(2, 3, 4))

    def forward(self, x):
        p = self.padding
        self.padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p), (p, p)))
        return np.einsum("ncdhwxyz,ocxyz->nodhw", self.view(self.padded), self.weight) + self.bias[:, None, None, None]

    def backward(self, grad):
        self.dweight = np.einsum("nodhw,ncdhwxyz->ocxyz", grad, self.view(self.padded))
        self.dbias = grad.sum((0, 2, 3, 4))
        e = self.k - 1
        wide = np.pad(grad, ((0, 0), (0, 0), (e, e), (e, e), (e, e)))
        turned = self.weight[:, :, ::-1, ::-1, ::-1]
        back = np.einsum("nodhwxyz,ocxyz->ncdhw", self.view(wide), turned)
        p = self.padding
        return back
