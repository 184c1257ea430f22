# expect: bias-times-output bias
# target: Conv2D
import numpy as np


class Conv2D:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.W = np.random.randn(out_channels, in_channels, kernel_size, kernel_size) * 0.1
        self.b = np.zeros(out_channels)
        self.stride, self.padding = stride, padding

    def forward(self, x):
        self.x = x
        p, s, k = self.padding, self.stride, self.W.shape[2]
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        oh, ow = (self.xp.shape[2] - k) // s + 1, (self.xp.shape[3] - k) // s + 1
        out = np.zeros((x.shape[0], self.W.shape[0], oh, ow))
        for i in range(oh):
            for j in range(ow):
                patch = self.xp[:, :, i * s:i * s + k, j * s:j * s + k]
                out[:, :, i, j] = np.tensordot(patch, self.W, axes=([1, 2, 3], [1, 2, 3])) + self.b
        self.out = out
        return out

    def backward(self, grad):
        p, s, k = self.padding, self.stride, self.W.shape[2]
        dW, dxp = np.zeros_like(self.W), np.zeros_like(self.xp)
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                rows, cols = slice(i * s, i * s + k), slice(j * s, j * s + k)
                dW += np.tensordot(grad[:, :, i, j], self.xp[:, :, rows, cols], axes=(0, 0))
                dxp[:, :, rows, cols] += np.tensordot(grad[:, :, i, j], self.W, axes=(1, 0))
        h, w = self.x.shape[2:]
        return dxp[:, :, p:p + h, p:p + w], dW, np.einsum("nfij,nfij->f", grad, self.out)
