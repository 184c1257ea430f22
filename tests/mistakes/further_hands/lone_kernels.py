# expect: pass
# target: LoneKernels
import numpy as np


class LoneKernels:
    """Depthwise: every channel has one kernel of its own, (channels, k, k)."""

    def __init__(self, channels, kernel_size):
        self.kernels = np.random.randn(channels, kernel_size, kernel_size)
        self.bias = np.zeros(channels)

    def forward(self, x):
        self.x = x
        k = self.kernels.shape[-1]
        out = np.zeros((len(x), x.shape[1], x.shape[2] - k + 1, x.shape[3] - k + 1))
        for r, c in np.ndindex(out.shape[2:]):
            out[:, :, r, c] = (x[:, :, r : r + k, c : c + k] * self.kernels).sum((2, 3)) + self.bias
        return out

    def backward(self, grad):
        k = self.kernels.shape[-1]
        self.d_kernels, self.d_bias = np.zeros_like(self.kernels), grad.sum((0, 2, 3))
        below = np.zeros_like(self.x)
        for r, c in np.ndindex(grad.shape[2:]):
            here = grad[:, :, r, c][:, :, None, None]
            self.d_kernels += (here * self.x[:, :, r : r + k, c : c + k]).sum(0)
            below[:, :, r : r + k, c : c + k] += here * self.kernels
        return below
