# expect: unpad-empty input
# target: Kernel
import numpy as np


class Kernel:
    """The odd zero in front, and the frame cut off by [a:-b]: nothing is left where b is 0, for 2 taps and for 1."""

    def __init__(self, in_channels, out_channels, taps):
        self.taps = taps
        self.weight = np.random.rand(out_channels, in_channels, taps, taps)
        self.bias = np.zeros(out_channels)

    def forward(self, x):
        self.a, self.b = self.taps // 2, (self.taps - 1) // 2
        self.framed = np.pad(x, ((0, 0), (0, 0), (self.a, self.b), (self.a, self.b)))
        out = np.zeros((x.shape[0], len(self.weight), *x.shape[2:])) + self.bias[:, None, None]
        for i in range(x.shape[2]):
            for j in range(x.shape[3]):
                cut = self.framed[:, None, :, i : i + self.taps, j : j + self.taps]
                out[:, :, i, j] += (cut * self.weight).sum((2, 3, 4))
        return out

    def backward(self, grad):
        self.dweight, wide = np.zeros_like(self.weight), np.zeros_like(self.framed)
        self.dbias = grad.sum((0, 2, 3))
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                here = np.s_[:, :, i : i + self.taps, j : j + self.taps]
                self.dweight += np.einsum("nf,ncuv->fcuv", grad[:, :, i, j], self.framed[here])
                wide[here] += np.einsum("nf,fcuv->ncuv", grad[:, :, i, j], self.weight)
        return wide[:, :, self.a : -self.b, self.a : -self.b]
