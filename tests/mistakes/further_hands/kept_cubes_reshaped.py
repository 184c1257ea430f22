# expect: reshape-not-transpose weight
# target: CubeLayer
import numpy as np


class CubeLayer:
    """Cubes of a padded volume are kept as rows; the gradients are two products with them."""

    def __init__(self, n_in, n_out, size, pad=0):
        self.params = {"W": np.random.randn(n_out, n_in, size, size, size), "b": np.zeros(n_out)}
        self.grads, self.pad = {}, pad

    def forward(self, x):
        size, p = self.params["W"].shape[-1], self.pad
        self.shape = x.shape
        room = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p), (p, p)))
        cubes = np.lib.stride_tricks.sliding_window_view(room, (size,) * 3, axis=(2, 3, 4))
        self.out = (len(x), *cubes.shape[2:5])
        self.rows = cubes.transpose(0, 2, 3, 4, 1, 5, 6, 7).reshape(np.prod(self.out), -1)
        flat = self.rows @ self.params["W"].reshape(len(self.params["W"]), -1).T + self.params["b"]
        return flat.reshape(*self.out, -1).transpose(0, 4, 1, 2, 3)

    def backward(self, grad):
        W, p = self.params["W"], self.pad
        flat = grad.transpose(0, 2, 3, 4, 1).reshape(-1, len(W))
        self.grads["W"] = (grad.reshape(len(W), -1) @ self.rows).reshape(W.shape)
        self.grads["b"] = flat.sum(0)
        cubes = (flat @ W.reshape(len(W), -1)).reshape(*self.out, *W.shape[1:])
        n, c, d, h, w = self.shape
        room = np.zeros((n, c, d + 2 * p, h + 2 * p, w + 2 * p))
        for i, j, k in np.ndindex(*self.out[1:]):
            size = W.shape[-1]
            room[:, :, i : i + size, j : j + size, k : k + size] += cubes[:, i, j, k]
        return room[:, :, p : p + d, p : p + h, p : p + w]
