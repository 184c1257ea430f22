from typing import Dict, Tuple
import numpy as np


class DepthwiseConv2d:
    """One k x k filter for every channel (groups == channels), as in MobileNet v1."""

    def __init__(self, channels: int, kernel_size: int, stride: int = 1, padding: int = 0, bias: bool = True):
        self.channels = channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.weight = np.random.randn(channels, 1, kernel_size, kernel_size) / kernel_size
        self.bias = np.zeros(channels) if bias else None
        self.grad: Dict[str, np.ndarray] = {}

    def _view(self, xp: np.ndarray) -> np.ndarray:
        k, s = self.kernel_size, self.stride
        return np.lib.stride_tricks.sliding_window_view(xp, (k, k), (2, 3))[:, :, ::s, ::s]

    def forward(self, x: np.ndarray) -> np.ndarray:
        p = self.padding
        self._xp = np.pad(x, [(0, 0)] * 2 + [(p, p)] * 2)
        y = np.einsum("nchwij,cij->nchw", self._view(self._xp), self.weight[:, 0])
        if self.bias is not None:
            y = y + self.bias[None, :, None, None]
        return y

    def backward(self, gy: np.ndarray) -> np.ndarray:
        k, s, p = self.kernel_size, self.stride, self.padding
        self.grad["weight"] = np.einsum("nchw,nchwij->cij", gy, self._view(self._xp))[:, None]
        if self.bias is not None:
            self.grad["bias"] = np.einsum("nchw->c", gy)
        gxp = np.zeros_like(self._xp)
        for i in range(k):
            for j in range(k):
                gxp[:, :, i:i + gy.shape[2] * s:s, j:j + gy.shape[3] * s:s] += gy * self.weight[:, 0, i, j][:, None, None]
        hp, wp = gxp.shape[2:]
        return gxp[:, :, p:hp - p, p:wp - p]

    def step(self, lr: float) -> None:
        self.weight -= lr * self.grad["weight"]
        if self.bias is not None:
            self.bias -= lr * self.grad["bias"]

    def output_shape(self, hw: Tuple[int, int]) -> Tuple[int, int]:
        return tuple((d + 2 * self.padding - self.kernel_size) // self.stride + 1 for d in hw)
