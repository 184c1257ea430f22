# expect: bias-axes-wrong bias
# target: ConvolutionLayer
import numpy as np


class ConvolutionLayer:
    """The gradients are kept as dW and db."""

    def __init__(self, n_in, n_out, kernel, stride=1, padding=0):
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.W = np.random.standard_normal((n_out, n_in, kernel, kernel)) / kernel
        self.b = np.zeros(n_out)

    def _window(self, row, column):
        top, left = row * self.stride, column * self.stride
        return np.s_[:, :, top:top + self.kernel, left:left + self.kernel]

    def forward(self, x):
        p = self.padding
        self.padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        rows, columns = ((side - self.kernel) // self.stride + 1 for side in self.padded.shape[2:])
        out = np.empty((x.shape[0], self.W.shape[0], rows, columns))
        for row, column in np.ndindex(rows, columns):
            seen = self.padded[self._window(row, column)]
            out[:, :, row, column] = np.einsum("nchw,fchw->nf", seen, self.W) + self.b
        return out

    def backward(self, dout):
        dpadded, self.dW = np.zeros(self.padded.shape), np.zeros(self.W.shape)
        for row, column in np.ndindex(*dout.shape[2:]):
            window = self._window(row, column)
            self.dW += np.einsum("nf,nchw->fchw", dout[:, :, row, column], self.padded[window])
            dpadded[window] += np.einsum("nf,fchw->nchw", dout[:, :, row, column], self.W)
        self.db = dout.sum(axis=0)
        p, (height, width) = self.padding, self.padded.shape[2:]
        return dpadded[:, :, p:height - p, p:width - p]
