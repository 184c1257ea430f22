import numpy as np


class ConvolutionalLayer:
    """
    layer.params -> [weights, biases]
    layer.grads  -> [gradient of weights, gradient of biases]   (after backward)
    """

    def __init__(self, channels_in, channels_out, size):
        self.params = [np.random.randn(channels_out, channels_in, size, size) * np.sqrt(2 / (channels_in * size * size)),
                       np.zeros(channels_out)]
        self.grads = [None, None]
        self.size = size

    def conv_single(self, image):
        w, b = self.params
        s = self.size
        rows, cols = image.shape[1] - s + 1, image.shape[2] - s + 1
        out = np.zeros((w.shape[0], rows, cols))
        for r in range(rows):
            for c in range(cols):
                out[:, r, c] = np.sum(w * image[None, :, r:r + s, c:c + s], axis=(1, 2, 3)) + b
        return out

    def forward(self, images):
        self.images = images
        return np.array([self.conv_single(image) for image in images])

    def backward(self, errors):
        w, b = self.params
        s = self.size
        dw, db = np.zeros_like(w), np.zeros_like(b)
        dimages = np.zeros_like(self.images, dtype=float)
        for n, (image, error) in enumerate(zip(self.images, errors)):
            db += error.sum(axis=(1, 2))
            for r in range(error.shape[1]):
                for c in range(error.shape[2]):
                    dimages[n, :, r:r + s, c:c + s] += np.tensordot(error[:, r, c], w, axes=1)
        for o in range(w.shape[0]):
            for i in range(w.shape[1]):
                for u in range(s):
                    for v in range(s):
                        dw[o, i, u, v] = np.sum(error[o] * image[i, u:u + error.shape[1], v:v + error.shape[2]])
        self.grads = [dw, db]
        return dimages


class SGD:
    def __init__(self, layers, rate):
        self.layers, self.rate = layers, rate

    def step(self):
        for layer in self.layers:
            for p, g in zip(layer.params, layer.grads):
                p -= self.rate * g
