# expect: batch-mean bias
# target: Conv
import numpy as np


class Conv:
    def __init__(self, in_shape, n_kernels, ksize):
        C, H, W = in_shape
        self.W = np.random.randn(n_kernels, C, ksize, ksize)
        self.b = np.random.randn(n_kernels, H - ksize + 1, W - ksize + 1)
        self.k = ksize

    def forward(self, X):
        self.X = X
        view = np.lib.stride_tricks.sliding_window_view(X, (self.k, self.k), axis=(2, 3))
        return np.einsum("ncpquv,ocuv->nopq", view, self.W) + self.b

    def backward(self, dY):
        view = np.lib.stride_tricks.sliding_window_view(self.X, (self.k, self.k), axis=(2, 3))
        dW = np.einsum("ncpquv,nopq->ocuv", view, dY)
        dX = np.zeros_like(self.X)
        for i in range(dY.shape[2]):
            for j in range(dY.shape[3]):
                dX[:, :, i:i + self.k, j:j + self.k] += np.einsum("no,ocuv->ncuv", dY[:, :, i, j], self.W)
        return dX, dW, dY.mean(axis=0)
