# expect: input-grad-kernel-unrotated input
# target: Convolution
# also: padding-not-stripped input
import numpy as np


class Convolution:
    """The weights are made by the caller."""

    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b, self.stride, self.pad = W, b, stride, pad
        self.x = None
        self.dW = None
        self.db = None

    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        self.x = x
        xp = np.pad(x, [(0, 0), (0, 0), (self.pad, self.pad), (self.pad, self.pad)], "constant")
        s = self.stride
        out_h, out_w = 1 + (xp.shape[2] - FH) // s, 1 + (xp.shape[3] - FW) // s
        out = np.zeros((x.shape[0], FN, out_h, out_w))
        for n, f, i, j in np.ndindex(*out.shape):
            out[n, f, i, j] = (xp[n, :, i * s:i * s + FH, j * s:j * s + FW] * self.W[f]).sum() + self.b[f]
        return out

    def backward(self, dout):
        FN, C, FH, FW = self.W.shape
        s, p = self.stride, self.pad
        xp = np.pad(self.x, [(0, 0), (0, 0), (p, p), (p, p)], "constant")
        dxp = np.zeros_like(xp)
        self.dW, self.db = np.zeros_like(self.W), dout.sum(axis=(0, 2, 3))
        for n, f, i, j in np.ndindex(*dout.shape):
            window = (n, slice(None), slice(i * s, i * s + FH), slice(j * s, j * s + FW))
            self.dW[f] += dout[n, f, i, j] * xp[window]
            dxp[window] += dout[n, f, i, j] * self.W[f, :, ::-1, ::-1]
        return dxp
