import numpy as np


class Param:
    __slots__ = ('value', 'grad')

    def __init__(self, value):
        self.value = value
        self.grad = None


class Conv:
    def __init__(self, n_in, n_out, k, stride=1, pad=0):
        self.W = Param(np.random.randn(n_out, n_in, k, k) * 0.05)
        self.b = Param(np.zeros(n_out))
        self.k, self.stride, self.pad = k, stride, pad

    def params(self):
        return [self.W, self.b]

    def forward(self, x):
        self.x = x if self.pad == 0 else np.pad(x, ((0, 0), (0, 0), (self.pad, self.pad), (self.pad, self.pad)))
        k, s = self.k, self.stride
        n, _, h, w = self.x.shape
        oh, ow = (h - k) // s + 1, (w - k) // s + 1
        y = np.empty((n, len(self.b.value), oh, ow))
        for o in range(len(self.b.value)):
            for i in range(oh):
                for j in range(ow):
                    y[:, o, i, j] = (self.x[:, :, i*s:i*s+k, j*s:j*s+k] * self.W.value[o]).sum((1, 2, 3)) + self.b.value[o]
        return y

    def backward(self, gy):
        k, s = self.k, self.stride
        n, n_out, oh, ow = gy.shape
        self.W.grad = np.empty(self.W.value.shape)
        self.b.grad = np.empty(self.b.value.shape)
        gx = np.zeros(self.x.shape)
        for o in range(n_out):
            self.b.grad[o] = gy[:, o].sum()
            for i in range(oh):
                for j in range(ow):
                    g = gy[:, o, i, j].reshape(n, 1, 1, 1)
                    self.W.grad[o] += (g * self.x[:, :, i*s:i*s+k, j*s:j*s+k]).sum(0)
                    gx[:, :, i*s:i*s+k, j*s:j*s+k] += g * self.W.value[o]
        if self.pad > 0:
            gx = gx[:, :, self.pad:-self.pad, self.pad:-self.pad]
        return gx


class Momentum:
    def __init__(self, params, lr, mu=0.9):
        self.params, self.lr, self.mu = params, lr, mu
        self.vel = [np.zeros_like(p.value) for p in params]

    def step(self):
        for p, v in zip(self.params, self.vel):
            v[:] = self.mu * v - self.lr * p.grad
            p.value += v

    def zero_grad(self):
        for p in self.params:
            p.grad = None
