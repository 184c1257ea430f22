# expect: last-sample-only weight
# target: Conv1D
import numpy as np


class Conv1D:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.weight = 0.1 * np.random.randn(out_channels, in_channels, kernel_size)
        self.bias = np.zeros(out_channels)
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def forward(self, x):
        self.padded = np.pad(x, ((0, 0), (0, 0), (self.padding, self.padding)))
        self.length = x.shape[2]
        steps = (self.padded.shape[2] - self.kernel_size) // self.stride + 1
        self.starts = [t * self.stride for t in range(steps)]
        out = [np.einsum("nck,ock->no", self.padded[:, :, a:a + self.kernel_size], self.weight) for a in self.starts]
        return np.stack(out, axis=2) + self.bias[:, None]

    def backward(self, grad):
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = grad.sum(axis=(0, 2))
        back = np.zeros_like(self.padded)
        for t, a in enumerate(self.starts):
            self.grad_weight += np.einsum("no,nck->ock", grad[-1:, :, t], self.padded[-1:, :, a:a + self.kernel_size])
            back[:, :, a:a + self.kernel_size] += np.einsum("no,ock->nck", grad[:, :, t], self.weight)
        return back[:, :, self.padding:self.padding + self.length]
