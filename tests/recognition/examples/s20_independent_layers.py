import numpy as np


def correlate2d(a, k, mode):
    """small replacement for scipy.signal.correlate2d (scipy is not installed on our cluster)"""
    kh, kw = k.shape
    if mode == "full":
        a = np.pad(a, ((kh - 1, kh - 1), (kw - 1, kw - 1)))
    oh, ow = a.shape[0] - kh + 1, a.shape[1] - kw + 1
    r = np.zeros((oh, ow))
    for y in range(oh):
        for x in range(ow):
            r[y, x] = np.vdot(a[y:y + kh, x:x + kw], k)
    return r


def convolve2d(a, k, mode):
    return correlate2d(a, np.rot90(k, 2), mode)


class Layer:
    def __init__(self):
        self.input = None
        self.output = None

    def forward(self, input):
        pass

    def backward(self, output_gradient, learning_rate):
        pass


class Convolutional(Layer):
    def __init__(self, input_shape, kernel_size, depth):
        input_depth, input_height, input_width = input_shape
        self.depth = depth
        self.input_shape = input_shape
        self.input_depth = input_depth
        self.output_shape = (depth, input_height - kernel_size + 1, input_width - kernel_size + 1)
        self.kernels_shape = (depth, input_depth, kernel_size, kernel_size)
        self.kernels = np.random.randn(*self.kernels_shape)
        self.biases = np.random.randn(*self.output_shape)

    def forward(self, input):
        self.input = input
        self.output = np.copy(self.biases)
        for i in range(self.depth):
            for j in range(self.input_depth):
                self.output[i] += correlate2d(self.input[j], self.kernels[i, j], "valid")
        return self.output

    def backward(self, output_gradient, learning_rate):
        kernels_gradient = np.zeros(self.kernels_shape)
        input_gradient = np.zeros(self.input_shape)

        for i in range(self.depth):
            for j in range(self.input_depth):
                kernels_gradient[i, j] = correlate2d(self.input[j], output_gradient[i], "valid")
                input_gradient[j] += convolve2d(output_gradient[i], self.kernels[i, j], "full")

        self.kernels -= learning_rate * kernels_gradient
        self.biases -= learning_rate * output_gradient
        return input_gradient
