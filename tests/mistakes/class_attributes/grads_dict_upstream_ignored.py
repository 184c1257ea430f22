# expect: upstream-ignored bias
# target: Convolution
import numpy as np


class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)


class Convolution:
    def __init__(self, in_ch, out_ch, ksize=3, stride=1, pad=0):
        self.params = {"W": np.random.rand(out_ch, in_ch, ksize, ksize), "b": np.zeros(out_ch)}
        self.grads = {}
        self.stride, self.pad, self.k = stride, pad, ksize

    def __call__(self, x):
        return self.forward(x)

    def _cols(self, x):
        p, k, s = self.pad, self.k, self.stride
        xp = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
        oh, ow = (xp.shape[2] - k) // s + 1, (xp.shape[3] - k) // s + 1
        cols = np.empty((x.shape[0], x.shape[1], k, k, oh, ow))
        for u in range(k):
            for v in range(k):
                cols[:, :, u, v] = xp[:, :, u:u + s * oh:s, v:v + s * ow:s]
        return cols.transpose(0, 4, 5, 1, 2, 3).reshape(x.shape[0] * oh * ow, -1), oh, ow

    def forward(self, x):
        self.x_shape = x.shape
        self.cols, oh, ow = self._cols(x)
        W = self.params["W"].reshape(len(self.params["W"]), -1)
        out = self.cols @ W.T + self.params["b"]
        return out.reshape(x.shape[0], oh, ow, -1).transpose(0, 3, 1, 2)

    def backward(self, dout):
        n, f, oh, ow = dout.shape
        flat = dout.transpose(0, 2, 3, 1).reshape(-1, f)
        self.grads["W"] = (flat.T @ self.cols).reshape(self.params["W"].shape)
        self.grads["b"] = np.ones_like(flat).sum(axis=0)
        dcols = (flat @ self.params["W"].reshape(f, -1)).reshape(n, oh, ow, self.x_shape[1], self.k, self.k)
        p, s = self.pad, self.stride
        dx = np.zeros((n, self.x_shape[1], self.x_shape[2] + 2 * p, self.x_shape[3] + 2 * p))
        for i in range(oh):
            for j in range(ow):
                dx[:, :, i * s:i * s + self.k, j * s:j * s + self.k] += dcols[:, i, j]
        return dx[:, :, p:p + self.x_shape[2], p:p + self.x_shape[3]]
