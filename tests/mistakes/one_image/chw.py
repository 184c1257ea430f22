# expect: pass
# target: ConvLayer
import numpy as np


class ConvLayer:
    def __init__(self, in_depth, n_filters, filter_size):
        self.f = filter_size
        self.filters = np.random.randn(n_filters, in_depth, filter_size, filter_size) * 0.1
        self.biases = np.zeros(n_filters)

    def forward(self, image):
        self.image = image
        c, h, w = image.shape
        out = np.zeros((len(self.filters), h - self.f + 1, w - self.f + 1))
        for k, kernel in enumerate(self.filters):
            for y in range(out.shape[1]):
                for x in range(out.shape[2]):
                    out[k, y, x] = (image[:, y:y + self.f, x:x + self.f] * kernel).sum() + self.biases[k]
        return out

    def backward(self, d_out):
        self.d_filters = np.zeros_like(self.filters)
        self.d_biases = d_out.sum(axis=(1, 2))
        d_image = np.zeros_like(self.image)
        for k in range(d_out.shape[0]):
            for y in range(d_out.shape[1]):
                for x in range(d_out.shape[2]):
                    self.d_filters[k] += d_out[k, y, x] * self.image[:, y:y + self.f, x:x + self.f]
                    d_image[:, y:y + self.f, x:x + self.f] += d_out[k, y, x] * self.filters[k]
        return d_image
