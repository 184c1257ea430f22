# expect: fold-back-overwrites input
# target: PeriodicConv2d
import numpy as np


class PeriodicConv2d:
    """On a torus: np.pad(mode="wrap")."""

    def __init__(self, in_channels, out_channels, kernel_size, padding=1):
        self.w = np.random.randn(out_channels, in_channels, kernel_size, kernel_size)
        self.b = np.zeros(out_channels)
        self.p = padding

    def forward(self, x):
        p, k = self.p, self.w.shape[2]
        self.size = x.shape[2:]
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode="wrap")
        self.windows = np.lib.stride_tricks.sliding_window_view(self.xp, (k, k), axis=(2, 3))
        return np.einsum("nchwuv,ocuv->nohw", self.windows, self.w) + self.b[:, None, None]

    def backward(self, dy):
        self.dw = np.einsum("nohw,nchwuv->ocuv", dy, self.windows)
        self.db = dy.sum((0, 2, 3))
        dxp = np.zeros_like(self.xp)
        h, w = dy.shape[2:]
        for u, v in np.ndindex(*self.w.shape[2:]):
            dxp[:, :, u:u + h, v:v + w] += np.einsum("nohw,oc->nchw", dy, self.w[:, :, u, v])
        dx = np.zeros((*dxp.shape[:2], *self.size))
        for r in range(dxp.shape[2]):
            for c in range(dxp.shape[3]):
                dx[:, :, (r - self.p) % self.size[0], (c - self.p) % self.size[1]] = dxp[:, :, r, c]
        return dx
