import numpy as np


class ZeroPad:
    """zeros around the picture, own layer so that the conv does not have to care"""

    def __init__(self, amount):
        self.amount = amount

    def f(self, x):
        a = self.amount
        self.hw = x.shape[-2:]
        out = np.zeros(x.shape[:2] + (x.shape[2] + 2 * a, x.shape[3] + 2 * a))
        out[..., a:a + x.shape[2], a:a + x.shape[3]] = x
        return out

    def b(self, g):
        a = self.amount
        h, w = self.hw
        return g[..., a:a + h, :w]


class ValidConv:

    def __init__(self, weights, offsets):
        self.weights, self.offsets = weights, offsets

    def f(self, x):
        self.x = x
        kh, kw = self.weights.shape[2:]
        oh, ow = x.shape[2] - kh + 1, x.shape[3] - kw + 1
        acc = 0
        for i in range(kh):
            for j in range(kw):
                acc = acc + np.einsum('bchw,oc->bohw', x[..., i:i + oh, j:j + ow], self.weights[..., i, j])
        return acc + self.offsets.reshape(-1, 1, 1)

    def b(self, g):
        kh, kw = self.weights.shape[2:]
        oh, ow = g.shape[2:]
        gx = np.zeros_like(self.x)
        self.g_weights = np.zeros_like(self.weights)
        for i in range(kh):
            for j in range(kw):
                gx[..., i:i + oh, j:j + ow] += np.einsum('bohw,oc->bchw', g, self.weights[..., i, j])
                self.g_weights[..., i, j] = np.einsum('bohw,bchw->oc', g, self.x[..., i:i + oh, j:j + ow])
        self.g_offsets = np.einsum('bohw->o', g)
        return gx


class Conv:
    def __init__(self, weights, offsets, pad=1):
        self.stages = [ZeroPad(pad), ValidConv(weights, offsets)]

    def f(self, x):
        for st in self.stages:
            x = st.f(x)
        return x

    def b(self, g):
        for st in self.stages[::-1]:
            g = st.b(g)
        return g, self.stages[1].g_weights, self.stages[1].g_offsets
