# expect: upstream-rotated weight
# target: Conv
# also: batch-mean weight
import numpy as np


class Conv:
    def __init__(self, n_filters, filter_shape, input_shape, padding="same", stride=1, lr=0.01):
        self.n_filters, self.filter_shape, self.input_shape = n_filters, filter_shape, input_shape
        self.padding, self.stride, self.lr = padding, stride, lr
        c = input_shape[0]
        self.w = np.random.uniform(-1, 1, (n_filters, c, filter_shape[0], filter_shape[1]))
        self.b = np.zeros((n_filters, 1))

    def _pads(self):
        if self.padding == "valid":
            return 0, 0
        return (self.filter_shape[0] - 1) // 2, (self.filter_shape[1] - 1) // 2

    def forward_pass(self, X, training=True):
        self.X = X
        ph, pw = self._pads()
        Xp = np.pad(X, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        s = self.stride
        self.view = np.lib.stride_tricks.sliding_window_view(Xp, self.filter_shape, (2, 3))[:, :, ::s, ::s]
        self.padded_shape = Xp.shape
        return np.einsum("ncpquv,ocuv->nopq", self.view, self.w) + self.b[:, :, None]

    def backward_pass(self, accum_grad):
        grad_w = np.einsum("ncpquv,nopq->ocuv", self.view, accum_grad[:, :, ::-1, ::-1]) / len(accum_grad)
        grad_b = accum_grad.sum(axis=(0, 2, 3)).reshape(-1, 1)
        ph, pw = self._pads()
        dX = np.zeros(self.padded_shape)
        kh, kw = self.filter_shape
        for i in range(accum_grad.shape[2]):
            for j in range(accum_grad.shape[3]):
                a, b = i * self.stride, j * self.stride
                dX[:, :, a:a + kh, b:b + kw] += np.einsum("no,ocuv->ncuv", accum_grad[:, :, i, j], self.w)
        self.w = self.w - self.lr * grad_w
        self.b = self.b - self.lr * grad_b
        return dX[:, :, ph:ph + self.X.shape[2], pw:pw + self.X.shape[3]]
