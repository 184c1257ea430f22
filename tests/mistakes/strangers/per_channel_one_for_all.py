# expect: bias-totalled bias
# target: PerChannelConv
import numpy as np


class PerChannelConv:
    """Depthwise, channels last: every channel has a kernel of its own, (k, k, channels)."""

    def __init__(self, channels, k=3, stride=1, pad=0):
        self.k, self.stride, self.pad = k, stride, pad
        self.params = {"kernel": np.random.randn(k, k, channels), "offset": np.zeros(channels)}
        self.grads = {}

    def _windows(self, x):
        p = self.pad
        room = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
        view = np.lib.stride_tricks.sliding_window_view(room, (self.k, self.k), axis=(1, 2))
        return room, view[:, :: self.stride, :: self.stride]

    def forward(self, x):
        self.x = x
        return np.einsum("nhwcuv,uvc->nhwc", self._windows(x)[1], self.params["kernel"]) + self.params["offset"]

    def backward(self, g):
        room, view = self._windows(self.x)
        self.grads["kernel"] = np.einsum("nhwcuv,nhwc->uvc", view, g)
        self.grads["offset"] = np.full(g.shape[3], g.sum())
        d_room, s, p = np.zeros_like(room), self.stride, self.pad
        for i, j in np.ndindex(g.shape[1], g.shape[2]):
            spread = g[:, i, j, None, None, :] * self.params["kernel"]
            d_room[:, i * s : i * s + self.k, j * s : j * s + self.k] += spread
        return d_room[:, p : p + self.x.shape[1], p : p + self.x.shape[2]]
