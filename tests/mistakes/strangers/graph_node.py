# expect: pass
# target: Correlation
import numpy as np


class Leaf:
    """A node of a graph that holds an array."""

    def __init__(self, value):
        self.value = value
        self.gradient = None

    def evaluate(self):
        return self.value

    def backward(self, upstream):
        self.gradient = upstream


class Correlation(Leaf):
    """Pictures (n, rows, cols, channels) meet kernels (filters, rows, cols, channels); both are nodes."""

    def __init__(self, pictures, kernels, stride=1):
        super().__init__(None)
        self.pictures, self.kernels, self.stride = pictures, kernels, stride

    def evaluate(self):
        x, k = self.pictures.evaluate(), self.kernels.evaluate()
        self.x, self.k, s = x, k, self.stride
        views = np.lib.stride_tricks.sliding_window_view(x, k.shape[1:3], axis=(1, 2))[:, ::s, ::s]
        self.value = np.einsum("nrcduv,fuvd->nrcf", views, k)
        return self.value

    def backward(self, upstream):
        s, d_x, d_k = self.stride, np.zeros_like(self.x), np.zeros_like(self.k)
        for r in range(upstream.shape[1]):
            for c in range(upstream.shape[2]):
                at = np.s_[:, r * s : r * s + self.k.shape[1], c * s : c * s + self.k.shape[2]]
                d_k += np.einsum("nf,nuvd->fuvd", upstream[:, r, c], self.x[at])
                d_x[at] += np.einsum("nf,fuvd->nuvd", upstream[:, r, c], self.k)
        self.gradient = upstream
        self.pictures.backward(d_x)
        self.kernels.backward(d_k)
