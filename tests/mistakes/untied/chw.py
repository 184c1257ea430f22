# expect: pass
# target: ConvUntied
import numpy as np


class ConvUntied:
    def __init__(self, input_shape, kernel_size, depth):
        c, h, w = input_shape
        self.kernels = np.random.randn(depth, c, kernel_size, kernel_size)
        self.biases = np.zeros((depth, h - kernel_size + 1, w - kernel_size + 1))

    def forward(self, x):
        self.x = x
        k = self.kernels.shape[2]
        view = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(1, 2))
        return self.biases + np.einsum("cpquv,ocuv->opq", view, self.kernels)

    def backward(self, grad, rate):
        k = self.kernels.shape[2]
        view = np.lib.stride_tricks.sliding_window_view(self.x, (k, k), axis=(1, 2))
        d_kernels = np.einsum("cpquv,opq->ocuv", view, grad)
        wide = np.pad(grad, ((0, 0), (k - 1, k - 1), (k - 1, k - 1)))
        back = np.lib.stride_tricks.sliding_window_view(wide, (k, k), axis=(1, 2))
        d_x = np.einsum("opquv,ocuv->cpq", back, self.kernels[:, :, ::-1, ::-1])
        self.kernels -= rate * d_kernels
        self.biases -= rate * grad
        return d_x
