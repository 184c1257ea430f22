# expect: axes-transposed weight
# target: Deconv
import numpy as np


class Deconv:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.W = np.random.normal(0, 1, (in_channels, out_channels, kernel_size, kernel_size))
        self.b = np.zeros(out_channels)
        self.k, self.s, self.p = kernel_size, stride, padding

    def places(self, grid):
        return ((i, j, np.s_[:, :, i * self.s:i * self.s + self.k, j * self.s:j * self.s + self.k]) for i, j in grid)

    def forward(self, x):
        self.x = x
        n, _, h, w = x.shape
        full = np.zeros((n, self.W.shape[1], (h - 1) * self.s + self.k, (w - 1) * self.s + self.k))
        for i, j, at in self.places(np.ndindex(h, w)):
            full[at] += np.tensordot(x[:, :, i, j], self.W, 1)
        return full[:, :, self.p:full.shape[2] - self.p, self.p:full.shape[3] - self.p] + self.b[:, None, None]

    def backward(self, dout):
        full = np.pad(dout, ((0, 0), (0, 0), (self.p, self.p), (self.p, self.p)))
        self.dW, self.db, dx = np.zeros_like(self.W), dout.sum((0, 2, 3)), np.zeros_like(self.x)
        for i, j, at in self.places(np.ndindex(*self.x.shape[2:])):
            dx[:, :, i, j] = np.tensordot(full[at], self.W, ([1, 2, 3], [1, 2, 3]))
            self.dW += np.tensordot(self.x[:, :, i, j], full[at], (0, 0))
        self.dW = self.dW.swapaxes(2, 3)
        return dx
