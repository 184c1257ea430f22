# expect: pass
# target: HaloConv
import numpy as np


class HaloConv:
    """Stride 1, any kernel; the image keeps its size. One pixel more of zeros goes below and to the right."""

    def __init__(self, c_in, c_out, kernel_size):
        self.kernel_size = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
        self.kernel = np.random.standard_normal((c_out, c_in, *self.kernel_size))
        self.offset = np.zeros(c_out)

    def halo(self):
        return [((k - 1) // 2, k - 1 - (k - 1) // 2) for k in self.kernel_size]

    def forward(self, image):
        self.size = image.shape[2:]
        self.wide = np.pad(image, [(0, 0), (0, 0), *self.halo()])
        windows = np.lib.stride_tricks.sliding_window_view(self.wide, self.kernel_size, axis=(2, 3))
        return np.einsum("bcyxuv,fcuv->bfyx", windows, self.kernel) + self.offset[:, None, None]

    def backward(self, upstream):
        windows = np.lib.stride_tricks.sliding_window_view(self.wide, self.kernel_size, axis=(2, 3))
        self.grad_kernel = np.einsum("bcyxuv,bfyx->fcuv", windows, upstream)
        self.grad_offset = upstream.sum(axis=(0, 2, 3))
        back = np.zeros_like(self.wide)
        height, width = self.size
        for u in range(self.kernel_size[0]):
            for v in range(self.kernel_size[1]):
                back[:, :, u : u + height, v : v + width] += np.einsum(
                    "bfyx,fc->bcyx", upstream, self.kernel[:, :, u, v]
                )
        (above, _), (left, _) = self.halo()
        return back[:, :, above : above + height, left : left + width]
