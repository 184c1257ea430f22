# expect: last-window-only weight
# target: Pictures
import numpy as np


class Kernel:
    """One filter: its weights (depth, rows, cols), its bias, and their gradients."""

    def __init__(self, depth, side):
        self.values = np.random.normal(size=(depth, side, side))
        self.bias = 0.0
        self.grad = np.zeros_like(self.values)
        self.bias_grad = 0.0


class Pictures:
    """A list of kernels slides over one picture (depth, rows, cols)."""

    def __init__(self, depth, count, side):
        self.kernels = [Kernel(depth, side) for _ in range(count)]
        self.side = side

    def forward(self, picture):
        self.picture = picture
        rows, cols = picture.shape[1] - self.side + 1, picture.shape[2] - self.side + 1
        maps = np.zeros((len(self.kernels), rows, cols))
        for index, kernel in enumerate(self.kernels):
            for r in range(rows):
                for c in range(cols):
                    patch = picture[:, r : r + self.side, c : c + self.side]
                    maps[index, r, c] = (patch * kernel.values).sum() + kernel.bias
        return maps

    def backward(self, errors):
        back = np.zeros_like(self.picture)
        for kernel, error in zip(self.kernels, errors):
            kernel.grad = np.zeros_like(kernel.values)
            kernel.bias_grad = error.sum()
            for (r, c), value in np.ndenumerate(error):
                patch = self.picture[:, r : r + self.side, c : c + self.side]
                kernel.grad = value * patch
                back[:, r : r + self.side, c : c + self.side] += value * kernel.values
        return back
