import numpy as np
from numpy.lib.stride_tricks import as_strided


def view_patches(a, kh, kw, step):
    """(N, C, H, W) -> view (N, C, OH, OW, kh, kw), no copy"""
    N, C, H, W = a.shape
    s0, s1, s2, s3 = a.strides
    return as_strided(a, (N, C, (H - kh) // step + 1, (W - kw) // step + 1, kh, kw),
                      (s0, s1, s2 * step, s3 * step, s2, s3))


class StridedConv:
    """conv without any loop, forward and backward both work on strided views"""

    def __init__(self, weight, bias, step=1, border=0):
        self.weight = weight
        self.bias = bias
        self.step = step
        self.border = border

    def forward(self, x):
        q = self.border
        self.xb = np.ascontiguousarray(np.pad(x, ((0, 0), (0, 0), (q, q), (q, q))))
        self.view = view_patches(self.xb, *self.weight.shape[2:], self.step)
        return np.tensordot(self.view, self.weight, ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2) + self.bias[:, None, None]

    def backward(self, gout):
        q = self.border
        gweight = np.tensordot(gout, self.view, ((0, 2, 3), (0, 2, 3)))
        gbias = gout.sum((0, 2, 3))
        gxb = np.zeros_like(self.xb)
        gview = view_patches(gxb, *self.weight.shape[2:], self.step)
        gview += np.tensordot(gout, self.weight, (1, 0)).transpose(0, 3, 1, 2, 4, 5)
        gx = gxb[:, :, q:gxb.shape[2] - q, q:gxb.shape[3] - q]
        return gx, gweight, gbias
