# expect: bias-times-output bias
# target: ConvLayer
import numpy as np


class ConvLayer:
    """Keeps dW and db for an optimiser."""

    def __init__(self, num_filters, filter_size, num_channels, stride=1, pad=0):
        scale = np.sqrt(2.0 / (num_channels * filter_size ** 2))
        self.weights = np.random.normal(0, scale, (num_filters, num_channels, filter_size, filter_size))
        self.bias = np.zeros((num_filters, 1))
        self.stride = stride
        self.pad = pad
        self.cache = None

    def forward(self, inputs):
        f = self.weights.shape[2]
        padded = np.pad(inputs, ((0, 0), (0, 0), (self.pad, self.pad), (self.pad, self.pad)))
        view = np.lib.stride_tricks.sliding_window_view(padded, (f, f), (2, 3))[:, :, ::self.stride, ::self.stride]
        self.cache = (inputs.shape, padded, view)
        self.out = np.einsum("ncijuv,fcuv->nfij", view, self.weights) + self.bias.reshape(1, -1, 1, 1)
        return self.out

    def backward(self, d_out):
        shape, padded, view = self.cache
        self.dW = np.einsum("ncijuv,nfij->fcuv", view, d_out)
        self.db = (d_out * self.out).sum(axis=(0, 2, 3)).reshape(self.bias.shape)
        dx = np.zeros_like(padded)
        f, s = self.weights.shape[2], self.stride
        for i in range(d_out.shape[2]):
            for j in range(d_out.shape[3]):
                dx[:, :, i * s:i * s + f, j * s:j * s + f] += np.einsum("nf,fcuv->ncuv", d_out[:, :, i, j], self.weights)
        return dx[:, :, self.pad:self.pad + shape[2], self.pad:self.pad + shape[3]]
