# expect: stride-ignored input
# target: Conv
import numpy as np


def _slope(name, z):
    if name == "relu":
        return (z > 0).astype(z.dtype)
    if name == "tanh":
        return 1.0 - np.tanh(z) ** 2
    return np.ones_like(z)


def _apply(name, z):
    return np.maximum(z, 0) if name == "relu" else np.tanh(z) if name == "tanh" else z


class Conv:
    """A convolution with the activation behind it in the same layer, as keras has it."""

    def __init__(self, n_in, n_filters, filter_size, stride=1, padding=0, activation="relu"):
        self.W = np.random.randn(n_filters, n_in, filter_size, filter_size) * np.sqrt(2.0 / (n_in * filter_size**2))
        self.b = np.zeros(n_filters)
        self.stride, self.padding, self.activation = stride, padding, activation

    def forward(self, A):
        p, s = self.padding, self.stride
        self.A_shape = A.shape
        self.A_pad = np.pad(A, ((0, 0), (0, 0), (p, p), (p, p)))
        cols = np.lib.stride_tricks.sliding_window_view(self.A_pad, self.W.shape[2:], (2, 3))[:, :, ::s, ::s]
        self.Z = np.einsum("nihwuv,oiuv->nohw", cols, self.W) + self.b[:, None, None]
        return _apply(self.activation, self.Z)

    def backward(self, dA):
        p, s, k = self.padding, self.stride, self.W.shape[2]
        dZ = dA * _slope(self.activation, self.Z)
        cols = np.lib.stride_tricks.sliding_window_view(self.A_pad, (k, k), (2, 3))[:, :, ::s, ::s]
        self.dW = np.einsum("nihwuv,nohw->oiuv", cols, dZ)
        self.db = dZ.sum((0, 2, 3))
        d_pad = np.zeros_like(self.A_pad)
        for i, j in np.ndindex(*dZ.shape[2:]):
            d_pad[:, :, i : i + k, j : j + k] += np.tensordot(dZ[:, :, i, j], self.W, 1)
        return d_pad[:, :, p : p + self.A_shape[2], p : p + self.A_shape[3]]
