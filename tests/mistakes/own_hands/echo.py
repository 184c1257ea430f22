# expect: pass
# target: Echo
import numpy as np


class Echo:
    """Sound (n, c, time): what is heard now is a sum of what was said, dilation * lag steps ago."""

    def __init__(self, weight, dilation=1):
        self.weight, self.dilation = weight, dilation
        self.lags = weight.shape[2]

    def forward(self, sound):
        silence = np.zeros((*sound.shape[:2], self.dilation * (self.lags - 1)))
        self.heard, self.time = np.concatenate([silence, sound], axis=2), sound.shape[2]
        at = [self.heard[:, :, k * self.dilation : k * self.dilation + self.time] for k in range(self.lags)]
        return sum(np.einsum("nct,oc->not", at[k], self.weight[:, :, k]) for k in range(self.lags))

    def backward(self, grad):
        self.d_weight, d_sound = np.zeros_like(self.weight), np.zeros((len(grad), self.weight.shape[1], self.time))
        for k in range(self.lags):
            self.d_weight[:, :, k] = np.einsum(
                "not,nct->oc", grad, self.heard[:, :, k * self.dilation : k * self.dilation + self.time]
            )
            lag = (self.lags - 1 - k) * self.dilation
            if lag < self.time:
                d_sound[:, :, : self.time - lag] += np.einsum("not,oc->nct", grad[:, :, lag:], self.weight[:, :, k])
        return d_sound
