"""Atrous (dilated) convolution for the DeepLab reading group."""
import numpy as np
from itertools import product


def effective_size(k, rate):
    return k + (k - 1) * (rate - 1)


class AtrousConv:
    def __init__(self, filters, rate=1, stride=1, padding=0):
        self.filters = filters          # (out, in, kh, kw)
        self.rate, self.stride, self.padding = rate, stride, padding
        self.filters_grad = None

    def taps(self, shape):
        """yields (kernel row, kernel col, slice of rows, slice of cols) on the padded picture"""
        kh, kw = self.filters.shape[2:]
        H, W = shape[2:]
        oh = (H - effective_size(kh, self.rate)) // self.stride + 1
        ow = (W - effective_size(kw, self.rate)) // self.stride + 1
        for u, v in product(range(kh), range(kw)):
            y, x = u * self.rate, v * self.rate
            yield (u, v, slice(y, y + (oh - 1) * self.stride + 1, self.stride),
                   slice(x, x + (ow - 1) * self.stride + 1, self.stride))

    def __call__(self, picture):
        p = self.padding
        self.padded = np.pad(picture, ((0, 0), (0, 0), (p, p), (p, p)))
        return sum(np.einsum('oc,bchw->bohw', self.filters[:, :, u, v], self.padded[:, :, ys, xs])
                   for u, v, ys, xs in self.taps(self.padded.shape))

    def grad(self, upstream):
        """sets filters_grad, returns gradient of the picture"""
        self.filters_grad = np.zeros_like(self.filters)
        result = np.zeros_like(self.padded)
        for u, v, ys, xs in self.taps(self.padded.shape):
            self.filters_grad[:, :, u, v] = np.einsum('bohw,bchw->oc', upstream, self.padded[:, :, ys, xs])
            result[:, :, ys, xs] += np.einsum('oc,bohw->bchw', self.filters[:, :, u, v], upstream)
        p = self.padding
        return result[:, :, p:result.shape[2] - p, p:result.shape[3] - p]
