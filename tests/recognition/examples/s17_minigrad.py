"""minigrad: micrograd, but with arrays"""
import numpy as np


def unbroadcast(g, shape):
    while g.ndim > len(shape):
        g = g.sum(0)
    for ax, n in enumerate(shape):
        if n == 1 and g.shape[ax] != 1:
            g = g.sum(ax, keepdims=True)
    return g


class Tensor:

    def __init__(self, data, _children=(), _op=''):
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op

    def __repr__(self):
        return f"Tensor(shape={self.data.shape}, op={self._op!r})"

    @property
    def shape(self):
        return self.data.shape

    def __add__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad += unbroadcast(out.grad, self.shape)
            other.grad += unbroadcast(out.grad, other.shape)
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad += unbroadcast(out.grad * other.data, self.shape)
            other.grad += unbroadcast(out.grad * self.data, other.shape)
        out._backward = _backward
        return out

    def relu(self):
        out = Tensor(np.maximum(self.data, 0), (self,), 'relu')

        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    def sum(self):
        out = Tensor(self.data.sum(), (self,), 'sum')

        def _backward():
            self.grad += out.grad
        out._backward = _backward
        return out

    def conv2d(self, weight, bias=None, stride=1, padding=0):
        """self: (N, C, H, W); weight: (O, C, kh, kw); bias: (O,)"""
        s, p = stride, padding
        O, C, kh, kw = weight.shape
        xp = np.pad(self.data, ((0, 0), (0, 0), (p, p), (p, p)))
        oh = (xp.shape[2] - kh) // s + 1
        ow = (xp.shape[3] - kw) // s + 1
        y = np.zeros((self.shape[0], O, oh, ow))
        for i in range(oh):
            for j in range(ow):
                y[:, :, i, j] = np.tensordot(xp[:, :, i*s:i*s+kh, j*s:j*s+kw], weight.data, ([1, 2, 3], [1, 2, 3]))
        if bias is not None:
            y += bias.data[:, None, None]
        out = Tensor(y, (self, weight) if bias is None else (self, weight, bias), 'conv2d')

        def _backward():
            gxp = np.zeros_like(xp)
            for i in range(oh):
                for j in range(ow):
                    g = out.grad[:, :, i, j]
                    weight.grad += np.tensordot(g, xp[:, :, i*s:i*s+kh, j*s:j*s+kw], ([0], [0]))
                    gxp[:, :, i*s:i*s+kh, j*s:j*s+kw] += np.tensordot(g, weight.data, 1)
            self.grad += gxp[:, :, p:p+self.shape[2], p:p+self.shape[3]]
            if bias is not None:
                bias.grad += out.grad.sum((0, 2, 3))
        out._backward = _backward
        return out

    def backward(self, grad=None):
        topo, seen = [], set()

        def build(v):
            if v not in seen:
                seen.add(v)
                for c in v._prev:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = np.ones_like(self.data) if grad is None else np.asarray(grad)
        for v in reversed(topo):
            v._backward()
