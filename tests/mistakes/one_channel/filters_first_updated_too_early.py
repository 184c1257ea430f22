# expect: updated-too-early input
# target: GrayConv
import numpy as np


class GrayConv:
    def __init__(self, num_kernels, kernel_size):
        self.kernels = np.random.rand(num_kernels, kernel_size, kernel_size)
        self.bias = np.zeros(num_kernels)

    def forward(self, img):
        self.img = img
        view = np.lib.stride_tricks.sliding_window_view(img, self.kernels.shape[1:])
        return np.einsum("pquv,ouv->opq", view, self.kernels) + self.bias[:, None, None]

    def backward(self, delta, lr=0.1):
        view = np.lib.stride_tricks.sliding_window_view(self.img, self.kernels.shape[1:])
        dK = np.einsum("pquv,opq->ouv", view, delta)
        self.kernels -= lr * dK
        k = self.kernels.shape[1]
        wide = np.pad(delta, ((0, 0), (k - 1, k - 1), (k - 1, k - 1)))
        back = np.lib.stride_tricks.sliding_window_view(wide, (k, k), axis=(1, 2))
        dI = np.einsum("opquv,ouv->pq", back, self.kernels[:, ::-1, ::-1])
        self.bias -= lr * delta.sum(axis=(1, 2))
        return dI
