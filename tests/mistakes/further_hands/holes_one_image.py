# expect: last-sample-only bias
# target: Holes
import numpy as np


class Holes:
    """Causal: taps look back at gaps of `dilation`, the newest is the last."""

    def __init__(self, in_channels, out_channels, kernel_size, dilation=1):
        self.weight = np.random.randn(out_channels, in_channels, kernel_size)
        self.bias = np.zeros(out_channels)
        self.dilation = dilation

    def lags(self):
        return [self.dilation * back for back in range(self.weight.shape[2] - 1, -1, -1)]

    def shifted(self, x, lag):
        late = np.zeros_like(x)
        late[:, :, lag:] = x[:, :, : x.shape[2] - lag]
        return late

    def forward(self, x):
        self.x = x
        out = np.zeros((len(x), len(self.weight), x.shape[2])) + self.bias[:, None]
        for k, lag in enumerate(self.lags()):
            out += np.einsum("oc,nct->not", self.weight[:, :, k], self.shifted(x, lag))
        return out

    def backward(self, grad):
        d_weight, d_x = np.empty_like(self.weight), np.zeros_like(self.x)
        for k, lag in enumerate(self.lags()):
            d_weight[:, :, k] = np.einsum("not,nct->oc", grad, self.shifted(self.x, lag))
            length = grad.shape[2] - lag
            d_x[:, :, :max(length, 0)] += np.einsum("not,oc->nct", grad[:, :, lag:], self.weight[:, :, k])
        return d_x, d_weight, grad[-1].sum(1)
