# expect: filters-collapsed input
# target: ConvLayer
import copy

import numpy as np


class ConvLayer:
    def __init__(self, in_channels, out_channels, kernel_size=(3, 3), stride=(1, 1)):
        self.cin, self.cout, self.k, self.stride = in_channels, out_channels, kernel_size, stride

    def initialize(self, optimizer):
        self.W = np.ones((self.cout, self.cin) + tuple(self.k))
        self.w0 = np.zeros(self.cout)
        self.W_opt, self.w0_opt = copy.copy(optimizer), copy.copy(optimizer)

    def forward(self, X):
        self.X = X
        (kh, kw), (sh, sw) = self.k, self.stride
        oh, ow = (X.shape[2] - kh) // sh + 1, (X.shape[3] - kw) // sw + 1
        Y = np.zeros((X.shape[0], self.cout, oh, ow))
        for u in range(kh):
            for v in range(kw):
                part = X[:, :, u:u + sh * (oh - 1) + 1:sh, v:v + sw * (ow - 1) + 1:sw]
                Y += np.einsum("nchw,oc->nohw", part, self.W[:, :, u, v])
        return Y

    def backward(self, delta):
        (kh, kw), (sh, sw) = self.k, self.stride
        oh, ow = delta.shape[2:]
        grad, out = np.zeros_like(self.W), np.zeros_like(self.X)
        for u in range(kh):
            for v in range(kw):
                win = np.s_[:, :, u:u + sh * (oh - 1) + 1:sh, v:v + sw * (ow - 1) + 1:sw]
                grad[:, :, u, v] = np.einsum("nchw,nohw->oc", self.X[win], delta)
                out[win] += np.einsum("c,nhw->nchw", self.W[-1, :, u, v], delta[:, -1])
        self.W = self.W_opt.update(self.W, grad)
        return out
