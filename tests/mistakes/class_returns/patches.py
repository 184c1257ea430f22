# expect: pass
# target: PatchLayer
"""Patches cut out one by one, each multiplied by its number of the upstream gradient."""

import numpy as np


class PatchLayer:
    def __init__(self, n_in, n_out, size, step, edge):
        self.kernel = np.random.randn(n_out, n_in, size, size)
        self.bias = np.zeros(n_out)
        self.step, self.edge = step, edge

    def forward(self, image):
        self.shape = image.shape
        around = ((0, 0), (0, 0), (self.edge, self.edge), (self.edge, self.edge))
        self.image = np.pad(image, around)
        size = self.kernel.shape[-1]
        down, across = ((length - size) // self.step + 1 for length in self.image.shape[2:])
        out = np.empty((len(image), len(self.kernel), down, across))
        for r in range(down):
            for c in range(across):
                patch = self.image[:, None, :, r * self.step :, c * self.step :][..., :size, :size]
                out[:, :, r, c] = (patch * self.kernel).sum((2, 3, 4)) + self.bias
        return out

    def backward(self, upstream):
        images, kernels, down, across = upstream.shape
        size = self.kernel.shape[-1]
        d_image, d_kernel = np.zeros_like(self.image), np.zeros_like(self.kernel)
        source = self.image.copy()
        for m in range(images):
            for k in range(kernels):
                for r in range(down):
                    for c in range(across):
                        top, left = r * self.step, c * self.step
                        here = (m, slice(None), slice(top, top + size), slice(left, left + size))
                        d_image[here] += upstream[m, k, r, c] * self.kernel[k]
                        patch = source[here] * upstream[m, k, r, c]
                        d_kernel[k] += patch
        height, width = self.shape[2:]
        d_image = d_image[:, :, self.edge : self.edge + height, self.edge : self.edge + width]
        return d_image, d_kernel, upstream.sum((0, 2, 3))
