import numpy as np


class Conv(object):
    """
    Conv layer with precomputed patch indices (fast, no python loops at all).

    Parameters
    ----------
    shape_in : (height, width, channels)
    n_out : number of feature maps
    ksize : kernel size, stride : step
    """

    def __init__(self, shape_in, n_out, ksize=3, stride=1, rng=np.random):
        h, w, c = shape_in
        self.shape_in = shape_in
        self.oh = (h - ksize) // stride + 1
        self.ow = (w - ksize) // stride + 1
        top = stride * np.arange(self.oh)
        left = stride * np.arange(self.ow)
        k = np.arange(ksize)
        self.iy = (top[:, None, None, None] + k[None, None, :, None])    # oh 1 k 1
        self.ix = (left[None, :, None, None] + k[None, None, None, :])   # 1 ow 1 k
        self.theta = rng.normal(size=(ksize * ksize * c, n_out)) / np.sqrt(ksize * ksize * c)
        self.intercept = np.zeros(n_out)

    def transform(self, batch):
        patches = batch[:, self.iy, self.ix]                              # n oh ow k k c
        self.patches = patches.reshape(len(batch), self.oh, self.ow, -1)
        return self.patches @ self.theta + self.intercept

    def backward(self, grad):
        n, c = len(grad), self.shape_in[2]
        self.theta_grad = np.tensordot(self.patches, grad, axes=((0, 1, 2), (0, 1, 2)))
        self.intercept_grad = grad.sum(axis=(0, 1, 2))
        dpatches = (grad @ self.theta.T).reshape(n, self.oh, self.ow, self.iy.shape[2], self.ix.shape[3], c)
        dbatch = np.zeros((n,) + tuple(self.shape_in))
        dbatch[:, self.iy, self.ix] += dpatches
        return dbatch
