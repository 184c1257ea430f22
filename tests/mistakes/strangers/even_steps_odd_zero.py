# expect: padding-split-wrong input
# target: Conv1DSame
import math

import numpy as np


class Conv1DSame:
    """As tensorflow pads: ceil(L / stride) outputs, the odd zero behind. (batch, steps, channels), weights (k, in, out)."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1):
        self.w = np.random.randn(kernel_size, in_channels, out_channels) / kernel_size
        self.b = np.zeros((1, 1, out_channels))
        self.stride = stride

    def _padding(self, length):
        k, s = self.w.shape[0], self.stride
        outputs = math.ceil(length / s)
        total = max((outputs - 1) * s + k - length, 0)
        return outputs, total // 2, total - total // 2

    def forward(self, x):
        self.x = x
        outputs, before, after = self._padding(x.shape[1])
        xp = np.pad(x, ((0, 0), (before, after), (0, 0)))
        k, s = self.w.shape[0], self.stride
        return np.stack([np.tensordot(xp[:, t * s : t * s + k], self.w, 2) for t in range(outputs)], 1) + self.b

    def backward(self, dout):
        outputs, before, after = self._padding(self.x.shape[1])
        xp = np.pad(self.x, ((0, 0), (before, after), (0, 0)))
        k, s = self.w.shape[0], self.stride
        dxp, self.dw = np.zeros_like(xp), np.zeros_like(self.w)
        for t in range(outputs):
            self.dw += np.einsum("nki,no->kio", xp[:, t * s : t * s + k], dout[:, t])
            dxp[:, t * s : t * s + k] += np.einsum("no,kio->nki", dout[:, t], self.w)
        self.db = dout.sum(axis=(0, 1), keepdims=True)
        return dxp[:, after : after + self.x.shape[1]]
