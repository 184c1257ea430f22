"""tinynet - a very small neural network library (numpy only)."""
import numpy as np


class Parameter:
    def __init__(self, data, name=''):
        self.data = data
        self.grad = np.zeros_like(data)
        self.name = name

    def zero_grad(self):
        self.grad[...] = 0


class Module:
    def __init__(self):
        self.training = True

    def parameters(self):
        for v in self.__dict__.values():
            if isinstance(v, Parameter):
                yield v
            elif isinstance(v, Module):
                yield from v.parameters()
            elif isinstance(v, (list, tuple)):
                for u in v:
                    if isinstance(u, Module):
                        yield from u.parameters()

    def zero_grad(self):
        for p in self.parameters():
            p.zero_grad()

    def __call__(self, *a):
        return self.forward(*a)


class ReLU(Module):
    def forward(self, x):
        self.m = x > 0
        return x * self.m

    def backward(self, g):
        return g * self.m


class Linear(Module):
    def __init__(self, i, o):
        super().__init__()
        self.W = Parameter(np.random.randn(i, o) * np.sqrt(2 / i))
        self.b = Parameter(np.zeros(o))

    def forward(self, x):
        self.x = x
        return x @ self.W.data + self.b.data

    def backward(self, g):
        self.W.grad += self.x.T @ g
        self.b.grad += g.sum(0)
        return g @ self.W.data.T


class Conv2d(Module):
    def __init__(self, in_ch, out_ch, kernel, stride=1, padding=0):
        super().__init__()
        self.k = (kernel, kernel) if isinstance(kernel, int) else kernel
        self.s = stride
        self.p = padding
        fan_in = in_ch * self.k[0] * self.k[1]
        self.W = Parameter(np.random.randn(out_ch, in_ch, *self.k) * np.sqrt(2. / fan_in), 'conv.W')
        self.b = Parameter(np.zeros(out_ch), 'conv.b')

    def _windows(self, xp):
        v = np.lib.stride_tricks.sliding_window_view(xp, self.k, axis=(2, 3))
        return v[:, :, ::self.s, ::self.s]

    def forward(self, x):
        self.xshape = x.shape
        p = self.p
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.win = self._windows(xp)                       # N C OH OW kh kw
        y = np.tensordot(self.win, self.W.data, axes=((1, 4, 5), (1, 2, 3)))
        return np.moveaxis(y + self.b.data, -1, 1)

    def backward(self, g):
        n, c, h, w = self.xshape
        p, s = self.p, self.s
        kh, kw = self.k
        oh, ow = g.shape[2:]
        self.W.grad += np.tensordot(g, self.win, axes=((0, 2, 3), (0, 2, 3))) / n
        self.b.grad += g.sum(axis=(0, 2, 3))
        dxp = np.zeros((n, c, h + 2 * p, w + 2 * p))
        for a in range(kh):
            for b in range(kw):
                # N OH OW C
                contrib = np.tensordot(g, self.W.data[:, :, a, b], axes=((1,), (0,)))
                dxp[:, :, a:a + s * (oh - 1) + 1:s, b:b + s * (ow - 1) + 1:s] += np.moveaxis(contrib, -1, 1)
        return dxp[:, :, p:p + h, p:p + w]


class Sequential(Module):
    def __init__(self, *mods):
        super().__init__()
        self.mods = list(mods)

    def forward(self, x):
        for m in self.mods:
            x = m(x)
        return x

    def backward(self, g):
        for m in reversed(self.mods):
            g = m.backward(g)
        return g


class SGD:
    def __init__(self, params, lr=1e-2, momentum=0.0):
        self.params = list(params)
        self.lr, self.mu = lr, momentum
        self.v = [np.zeros_like(p.data) for p in self.params]

    def step(self):
        for p, v in zip(self.params, self.v):
            v *= self.mu
            v -= self.lr * p.grad
            p.data += v

    def zero_grad(self):
        for p in self.params:
            p.zero_grad()
