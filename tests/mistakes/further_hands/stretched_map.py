# expect: pass
# target: UpConv
import numpy as np


class UpConv:
    """Transposed: the map is stretched with zeros between its values, framed, and correlated with turned kernels."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1):
        self.W = np.random.randn(in_channels, out_channels, kernel_size, kernel_size) * 0.1
        self.b = np.zeros(out_channels)
        self.stride = stride

    def stretched(self, x):
        s, k = self.stride, self.W.shape[2]
        wide = np.zeros((*x.shape[:2], (x.shape[2] - 1) * s + 1, (x.shape[3] - 1) * s + 1))
        wide[:, :, ::s, ::s] = x
        return np.pad(wide, ((0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)))

    def forward(self, x):
        self.x, k = x, self.W.shape[2]
        self.views = np.lib.stride_tricks.sliding_window_view(self.stretched(x), (k, k), axis=(2, 3))
        return np.einsum("nchwij,coij->nohw", self.views, self.W[:, :, ::-1, ::-1]) + self.b[:, None, None]

    def backward(self, dy):
        s, k = self.stride, self.W.shape[2]
        self.db = dy.sum(axis=(0, 2, 3))
        self.dW = np.einsum("nchwij,nohw->coij", self.views, dy)[:, :, ::-1, ::-1]
        seen = np.lib.stride_tricks.sliding_window_view(dy, (k, k), axis=(2, 3))[:, :, ::s, ::s]
        return np.einsum("nohwij,coij->nchw", seen, self.W)
