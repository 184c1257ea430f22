# expect: pass
# target: ConvUpdate
import numpy as np


class ConvUpdate:
    def __init__(self, n_in, n_out, f, learning_rate=0.001):
        self.kernel = np.random.randn(n_out, n_in, f, f)
        self.learning_rate = learning_rate

    def forward(self, image):
        self.image = image
        turned = np.rot90(self.kernel, 2, axes=(2, 3))
        view = np.lib.stride_tricks.sliding_window_view(image, turned.shape[2:], axis=(1, 2))
        return np.tensordot(turned, view, axes=([1, 2, 3], [0, 3, 4]))

    def backward(self, error):
        f = self.kernel.shape[2]
        view = np.lib.stride_tricks.sliding_window_view(self.image, error.shape[1:], axis=(1, 2))
        step = np.rot90(np.tensordot(error, view, axes=([1, 2], [3, 4])), 2, axes=(2, 3))
        wide = np.pad(error, ((0, 0), (f - 1, f - 1), (f - 1, f - 1)))
        back = np.lib.stride_tricks.sliding_window_view(wide, (f, f), axis=(1, 2))
        dx = np.tensordot(self.kernel, back, axes=([0, 2, 3], [0, 3, 4]))
        self.kernel -= self.learning_rate * step
        return dx
