# expect: pass
# target: Conv2DTranspose
import numpy as np


class Conv2DTranspose:
    """Channels last. The kernel has keras' order: (rows, cols, filters, channels)."""

    def __init__(self, filters, kernel_size, strides=1, input_channels=3):
        rows, cols = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        self.kernel = np.random.uniform(-0.1, 0.1, (rows, cols, filters, input_channels))
        self.bias = np.zeros(filters)
        self.strides = (strides, strides) if isinstance(strides, int) else strides

    def call(self, inputs):
        self.inputs = inputs
        n, h, w, _ = inputs.shape
        (rows, cols), (sy, sx) = self.kernel.shape[:2], self.strides
        out = np.zeros((n, (h - 1) * sy + rows, (w - 1) * sx + cols, self.kernel.shape[2])) + self.bias
        for u in range(rows):
            for v in range(cols):
                out[:, u : u + h * sy : sy, v : v + w * sx : sx][:, :h, :w] += inputs @ self.kernel[u, v].T
        return out

    def backward(self, grad):
        _, h, w, _ = self.inputs.shape
        (rows, cols), (sy, sx) = self.kernel.shape[:2], self.strides
        self.grad_kernel = np.zeros_like(self.kernel)
        self.grad_bias = grad.sum(axis=(0, 1, 2))
        grad_inputs = np.zeros_like(self.inputs)
        for u in range(rows):
            for v in range(cols):
                seen = grad[:, u : u + h * sy : sy, v : v + w * sx : sx][:, :h, :w]
                self.grad_kernel[u, v] = np.einsum("nhwo,nhwi->oi", seen, self.inputs)
                grad_inputs += seen @ self.kernel[u, v]
        return grad_inputs
