"""
Reference operators for our ONNX training prototype.

Attribute names follow the Conv operator: strides, pads (top, left, bottom, right), dilations, group.
"""
import numpy as np


class Conv:
    op_type = 'Conv'

    def __init__(self, **attrs):
        self.strides = list(attrs.get('strides', [1, 1]))
        self.pads = list(attrs.get('pads', [0, 0, 0, 0]))
        self.dilations = list(attrs.get('dilations', [1, 1]))
        self.group = attrs.get('group', 1)

    def _padded(self, X):
        t, l, b, r = self.pads
        return np.pad(X, ((0, 0), (0, 0), (t, b), (l, r)))

    def _region(self, kr, kc, oh, ow):
        (sh, sw), (dh, dw) = self.strides, self.dilations
        return np.s_[:, :, kr * dh: kr * dh + sh * (oh - 1) + 1: sh, kc * dw: kc * dw + sw * (ow - 1) + 1: sw]

    def run(self, X, W, B=None):
        Xp = self._padded(X)
        M, Cg, kH, kW = W.shape
        G = self.group
        oh = (Xp.shape[2] - self.dilations[0] * (kH - 1) - 1) // self.strides[0] + 1
        ow = (Xp.shape[3] - self.dilations[1] * (kW - 1) - 1) // self.strides[1] + 1
        Y = np.zeros((X.shape[0], G, M // G, oh, ow), dtype=X.dtype)
        Wg = W.reshape(G, M // G, Cg, kH, kW)
        for r in range(kH):
            for c in range(kW):
                xs = Xp[self._region(r, c, oh, ow)].reshape(X.shape[0], G, Cg, oh, ow)
                Y += np.einsum('ngchw,gmc->ngmhw', xs, Wg[..., r, c])
        Y = Y.reshape(X.shape[0], M, oh, ow)
        if B is not None:
            Y = Y + B[:, None, None]
        return Y

    def run_grad(self, X, W, dY, has_bias=True):
        Xp = self._padded(X)
        N, M, oh, ow = dY.shape
        _, Cg, kH, kW = W.shape
        G = self.group
        gY = dY.reshape(N, G, M // G, oh, ow)
        Wg = W.reshape(G, M // G, Cg, kH, kW)
        dW = np.empty_like(Wg)
        dXp = np.zeros_like(Xp)
        for r in range(kH):
            for c in range(kW):
                reg = self._region(r, c, oh, ow)
                xs = Xp[reg].reshape(N, G, Cg, oh, ow)
                dW[..., r, c] = np.einsum('ngmhw,ngchw->gmc', gY, xs)
                dXp[reg] += np.einsum('ngmhw,gmc->ngchw', gY, Wg[..., r, c]).reshape(N, G * Cg, oh, ow)
        t, l, b, r = self.pads
        dX = dXp[:, :, t:dXp.shape[2] - b, l:dXp.shape[3] - r]
        grads = (dX, dW.reshape(W.shape))
        return grads + (dY.sum((0, 2, 3)),) if has_bias else grads
