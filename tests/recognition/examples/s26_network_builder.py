import numpy as np


class Network:
    def __init__(self, input_shape, learning_rate=0.01):
        self.layers = []
        self.shape = input_shape
        self.lr = learning_rate

    def add_layer(self, layer):
        layer.connect(self.shape)
        self.shape = layer.output_shape
        self.layers.append(layer)
        return self

    def predict(self, x):
        for layer in self.layers:
            x = layer.feed_forward(x)
        return x

    def train_batch(self, x, y):
        out = self.predict(x)
        delta = (out - y) / len(x)
        for layer in reversed(self.layers):
            delta = layer.back_propagate(delta, self.lr)
        return 0.5 * np.mean((out - y) ** 2)


class FlattenLayer:
    def connect(self, shape):
        self.input_shape = shape
        self.output_shape = (int(np.prod(shape)),)

    def feed_forward(self, x):
        return x.reshape(len(x), -1)

    def back_propagate(self, delta, lr):
        return delta.reshape((-1,) + self.input_shape)


class ConvolutionLayer:
    """weights are made when the layer is added to a network (or by connect((channels, height, width)))"""

    def __init__(self, n_kernels, kernel_shape, stride=1):
        self.n_kernels = n_kernels
        self.kernel_shape = kernel_shape
        self.stride = stride

    def connect(self, input_shape):
        c, h, w = self.input_shape = input_shape
        kh, kw = self.kernel_shape
        self.weights = np.random.normal(0, 1 / np.sqrt(c * kh * kw), (self.n_kernels, c, kh, kw))
        self.bias = np.zeros((self.n_kernels, 1, 1))
        self.output_shape = (self.n_kernels, 1 + (h - kh) // self.stride, 1 + (w - kw) // self.stride)

    def _positions(self):
        _, oh, ow = self.output_shape
        kh, kw = self.kernel_shape
        for i in range(oh):
            for j in range(ow):
                y, x = i * self.stride, j * self.stride
                yield i, j, slice(y, y + kh), slice(x, x + kw)

    def feed_forward(self, x):
        self.last = x
        out = np.zeros((len(x),) + self.output_shape)
        for i, j, ys, xs in self._positions():
            out[:, :, i, j] = np.einsum('ncij,fcij->nf', x[:, :, ys, xs], self.weights)
        return out + self.bias

    def back_propagate(self, delta, lr):
        grad_w = np.zeros(self.weights.shape)
        for i, j, ys, xs in self._positions():
            grad_w += np.einsum('nf,ncij->fcij', delta[:, :, i, j], self.last[:, :, ys, xs])
        grad_b = delta.sum(axis=(0, 2, 3)).reshape(self.bias.shape)

        self.weights -= lr * grad_w
        self.bias -= lr * grad_b

        grad_in = np.zeros(self.last.shape)
        for i, j, ys, xs in self._positions():
            grad_in[:, :, ys, xs] += np.einsum('nf,fcij->ncij', delta[:, :, i, j], self.weights)
        return grad_in


if __name__ == '__main__':
    net = Network((1, 8, 8), 0.1).add_layer(ConvolutionLayer(4, (3, 3))).add_layer(FlattenLayer())
    x = np.random.rand(16, 1, 8, 8)
    for step in range(5):
        print(net.train_batch(x, np.zeros((16, 4 * 36))))
