# expect: padding-not-stripped input
# target: CausalConv1d
import numpy as np


class CausalConv1d:
    def __init__(self, channels_in, channels_out, kernel_size, dilation=1):
        self.w = np.random.standard_normal((channels_out, channels_in, kernel_size))
        self.b = np.zeros(channels_out)
        self.dilation = dilation
        self.left = dilation * (kernel_size - 1)

    def forward(self, x):
        self.x = np.pad(x, ((0, 0), (0, 0), (self.left, 0)))
        self.length = x.shape[2]
        y = np.zeros((len(x), len(self.w), self.length)) + self.b[None, :, None]
        for k in range(self.w.shape[2]):
            y += np.einsum("oc,nct->not", self.w[:, :, k], self.x[:, :, k * self.dilation:][:, :, :self.length])
        return y

    def backward(self, dy):
        self.dw, self.db = np.zeros_like(self.w), dy.sum((0, 2))
        dx = np.zeros_like(self.x)
        for k in range(self.w.shape[2]):
            begin = k * self.dilation
            self.dw[:, :, k] = np.einsum("not,nct->oc", dy, self.x[:, :, begin:begin + self.length])
            dx[:, :, begin:begin + self.length] += np.einsum("not,oc->nct", dy, self.w[:, :, k])
        return dx
