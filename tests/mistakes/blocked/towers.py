# expect: pass
# target: Towers
import numpy as np


class Towers:
    """Each tower sees its own share of the channels."""

    def __init__(self, weight, bias, stride=1, padding=0, groups=1):
        self.weight, self.bias = weight, bias
        self.stride, self.padding, self.groups = stride, padding, groups

    def shares(self, x):
        size = self.weight.shape[1]
        maps = len(self.weight) // self.groups
        for tower in range(self.groups):
            yield slice(tower * size, (tower + 1) * size), slice(tower * maps, (tower + 1) * maps)

    def windows(self, array):
        kh, kw = self.weight.shape[2:]
        view = np.lib.stride_tricks.sliding_window_view(array, (kh, kw), axis=(2, 3), writeable=True)
        return view[:, :, :: self.stride, :: self.stride]

    def forward(self, x):
        p = self.padding
        self.x = x
        self.padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        view = self.windows(self.padded)
        outs = [np.einsum("ncpquv,ocuv->nopq", view[:, mine], self.weight[maps]) for mine, maps in self.shares(x)]
        return np.concatenate(outs, axis=1) + self.bias[:, None, None]

    def backward(self, delta):
        p, (h, w) = self.padding, self.x.shape[2:]
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = delta.sum(axis=(0, 2, 3))
        back = np.zeros_like(self.padded)
        view, target = self.windows(self.padded), self.windows(back)
        for mine, maps in self.shares(self.x):
            self.grad_weight[maps] = np.einsum("nopq,ncpquv->ocuv", delta[:, maps], view[:, mine])
            for u in range(self.weight.shape[2]):
                for v in range(self.weight.shape[3]):
                    target[:, mine, :, :, u, v] += np.einsum("nopq,oc->ncpq", delta[:, maps], self.weight[maps][:, :, u, v])
        return back[:, :, p : p + h, p : p + w]
