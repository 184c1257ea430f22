import numpy as np


def _tup(v):
    return v if isinstance(v, tuple) else (v, v)


class Conv2dLayer:
    '''2D convolution. kernel/stride/padding: int or (rows, cols)'''

    def __init__(self, in_channels, out_channels, kernel, stride=1, padding=0, bias=True):
        self.kernel = _tup(kernel)
        self.stride = _tup(stride)
        self.padding = _tup(padding)
        self.weights = np.random.normal(0, 0.05, (out_channels, in_channels) + self.kernel)
        self.bias = np.zeros((1, out_channels, 1, 1)) if bias else None
        self.dweights = None
        self.dbias = None

    def forward(self, x):
        py, px = self.padding
        sy, sx = self.stride
        self.in_hw = x.shape[2:]
        self.xp = np.pad(x, ((0, 0), (0, 0), (py, py), (px, px)))
        win = np.lib.stride_tricks.sliding_window_view(self.xp, self.kernel, (2, 3))
        self.win = win[:, :, ::sy, ::sx]
        y = np.einsum('bchwij,fcij->bfhw', self.win, self.weights)
        return y if self.bias is None else y + self.bias

    def _upsample(self, dy):
        sy, sx = self.stride
        b, f = dy.shape[:2]
        kh, kw = self.kernel
        rows = self.xp.shape[2] - kh + 1
        cols = self.xp.shape[3] - kw + 1
        up = np.zeros((b, f, rows, cols))
        for r in range(dy.shape[2]):
            for c in range(dy.shape[3]):
                up[:, :, r * sy, c * sy] = dy[:, :, r, c]
        return up

    def backward(self, dy):
        kh, kw = self.kernel
        py, px = self.padding
        self.dweights = np.einsum('bfhw,bchwij->fcij', dy, self.win)
        if self.bias is not None:
            self.dbias = dy.sum(axis=(0, 2, 3), keepdims=True)
        up = np.pad(self._upsample(dy), ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
        win = np.lib.stride_tricks.sliding_window_view(up, (kh, kw), (2, 3))
        dxp = np.einsum('bfhwij,fcij->bchw', win, self.weights[:, :, ::-1, ::-1])
        h, w = self.in_hw
        return dxp[:, :, py:py + h, px:px + w]
