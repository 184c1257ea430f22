"""numpytorch: looks like torch.nn, is numpy."""
import numpy as np


class Parameter(np.ndarray):
    def __new__(cls, arr):
        obj = np.array(arr, dtype=np.float64).view(cls)
        obj.grad = None
        return obj

    def __array_finalize__(self, obj):
        self.grad = getattr(obj, 'grad', None)


class Module:
    def named_parameters(self):
        return {k: v for k, v in vars(self).items() if isinstance(v, Parameter)}

    def __call__(self, x):
        return self.forward(x)


class Conv2d(Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True):
        kh, kw = (kernel_size, kernel_size) if np.isscalar(kernel_size) else kernel_size
        self.stride = (stride, stride) if np.isscalar(stride) else stride
        self.padding = (padding, padding) if np.isscalar(padding) else padding
        bound = (in_channels * kh * kw) ** -0.5
        self.weight = Parameter(np.random.uniform(-bound, bound, (out_channels, in_channels, kh, kw)))
        self.bias = Parameter(np.random.uniform(-bound, bound, out_channels)) if bias else None

    def _rows(self, padded_image, oh, ow):
        """one matrix (C*kh*kw, ow) for every output row"""
        c = padded_image.shape[0]
        kh, kw = self.weight.shape[2:]
        sh, sw = self.stride
        for y in range(oh):
            band = padded_image[:, y * sh:y * sh + kh]
            yield y, np.stack([band[:, :, x * sw:x * sw + kw].ravel() for x in range(ow)], axis=1)

    def forward(self, x):
        ph, pw = self.padding
        self._x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        kh, kw = self.weight.shape[2:]
        oh = (self._x.shape[2] - kh) // self.stride[0] + 1
        ow = (self._x.shape[3] - kw) // self.stride[1] + 1
        mat = np.asarray(self.weight).reshape(len(self.weight), -1)
        out = np.empty((len(x), len(mat), oh, ow))
        for n, image in enumerate(self._x):
            for y, cols in self._rows(image, oh, ow):
                out[n, :, y] = mat @ cols
        if self.bias is not None:
            out += np.asarray(self.bias)[:, None, None]
        return out

    def backward(self, grad_output):
        ph, pw = self.padding
        sh, sw = self.stride
        kh, kw = self.weight.shape[2:]
        n_img, n_out, oh, ow = grad_output.shape
        mat = np.asarray(self.weight).reshape(n_out, -1)
        g_mat = np.zeros_like(mat)
        g_x = np.zeros_like(self._x)
        for n, image in enumerate(self._x):
            for y, cols in self._rows(image, oh, ow):
                g = grad_output[n, :, y]
                g_mat += g @ cols.T
                back = (mat.T @ g).reshape(-1, kh, kw, ow)
                for x in range(ow):
                    g_x[n, :, y * sh:y * sh + kh, x * sw:x * sw + kw] += back[..., x]
        self.weight.grad = g_mat.reshape(self.weight.shape)
        if self.bias is not None:
            self.bias.grad = grad_output.sum(axis=(0, 2, 3))
        return g_x[:, :, ph:g_x.shape[2] - ph, pw:g_x.shape[3] - pw]


class SGD:
    def __init__(self, modules, lr):
        self.modules, self.lr = modules, lr

    def step(self):
        for m in self.modules:
            for p in m.named_parameters().values():
                if p.grad is not None:
                    p -= self.lr * p.grad
