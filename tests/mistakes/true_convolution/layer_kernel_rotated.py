# expect: kernel-rotated weight
# target: TrueConv
import numpy as np


def correlate2d(a, k):
    return np.einsum("pquv,uv->pq", np.lib.stride_tricks.sliding_window_view(a, k.shape), k)


class TrueConv:
    """Convolution as mathematics has it: the kernel is turned."""

    def __init__(self, in_channels, out_channels, kernel_size):
        self.W = np.random.randn(out_channels, in_channels, kernel_size, kernel_size)
        self.b = np.zeros(out_channels)

    def forward(self, x):
        self.x = x
        return np.array([
            [sum(correlate2d(image[c], w[c][::-1, ::-1]) for c in range(len(w))) + b for w, b in zip(self.W, self.b)]
            for image in x
        ])

    def backward(self, dy):
        dW, dx = np.zeros_like(self.W), np.zeros_like(self.x)
        k = self.W.shape[2] - 1
        for n in range(len(dy)):
            for o in range(self.W.shape[0]):
                wide = np.pad(dy[n, o], k)
                for c in range(self.W.shape[1]):
                    dW[o, c] += correlate2d(self.x[n, c], dy[n, o])
                    dx[n, c] += correlate2d(wide, self.W[o, c])
        return dx, dW, dy.sum(axis=(0, 2, 3))
