# expect: pass
# target: Conv
import numpy as np
class Conv:
    """A step of its own, with a rate that nobody can set."""
    def __init__(self, n_filters, in_channels, k):
        self.w = np.random.randn(n_filters, in_channels, k, k)
        self.b = np.zeros(n_filters)
    def forward(self, x):
        self.x = x
        n, c, h, w = x.shape
        k = self.w.shape[2]
        out = np.zeros((n, self.w.shape[0], h-k+1, w-k+1))
        for p in range(h-k+1):
            for q in range(w-k+1):
                out[:, :, p, q] = np.einsum("nihw,oihw->no", x[:, :, p:p+k, q:q+k], self.w) + self.b
        return out
    def backward(self, grad):
        dw = np.zeros_like(self.w); k = self.w.shape[2]
        dx = np.zeros(self.x.shape)
        for p in range(grad.shape[2]):
            for q in range(grad.shape[3]):
                dw += np.einsum("no,nihw->oihw", grad[:, :, p, q], self.x[:, :, p:p+k, q:q+k])
                dx[:, :, p:p+k, q:q+k] += np.einsum("no,oihw->nihw", grad[:, :, p, q], self.w)
        self.w = self.w - 0.01 * dw
        self.b = self.b - 0.01 * grad.sum(axis=(0, 2, 3))
        return dx
