# expect: batch-mean weight
# target: TemporalConv
import numpy as np


class TemporalConv:
    """(batch, time, features); the weights are updated in place."""

    def __init__(self, n_in, n_out, width, lr=0.5):
        self.kernel = np.random.uniform(-1, 1, (width, n_in, n_out))
        self.bias = np.zeros(n_out)
        self.lr = lr

    def forward(self, inputs):
        self.inputs = inputs
        width = len(self.kernel)
        frames = [inputs[:, t:t + width] for t in range(inputs.shape[1] - width + 1)]
        return np.stack([np.tensordot(frame, self.kernel, 2) for frame in frames], axis=1) + self.bias

    def backward(self, grad):
        width = len(self.kernel)
        d_inputs, d_kernel = np.zeros_like(self.inputs), np.zeros_like(self.kernel)
        for t in range(grad.shape[1]):
            d_kernel += np.einsum("nkc,no->kco", self.inputs[:, t:t + width], grad[:, t])
            d_inputs[:, t:t + width] += np.einsum("no,kco->nkc", grad[:, t], self.kernel)
        self.kernel -= self.lr * d_kernel / len(grad)
        self.bias -= self.lr * grad.sum(axis=(0, 1))
        return d_inputs
