# Do not import any additional 3rd party external libraries
import numpy as np


class Downsample2d():

    def __init__(self, downsampling_factor):
        self.downsampling_factor = downsampling_factor

    def forward(self, A):
        """ A (batch_size, in_channels, input_height, input_width) """
        self.shape = A.shape
        f = self.downsampling_factor
        return A[:, :, ::f, ::f]

    def backward(self, dLdZ):
        f = self.downsampling_factor
        dLdA = np.zeros(self.shape)
        dLdA[:, :, ::f, ::f] = dLdZ
        return dLdA


class Conv2d_stride1():
    def __init__(self, in_channels, out_channels, kernel_size, weight_init_fn=None, bias_init_fn=None):
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size

        if weight_init_fn is None:
            self.W = np.random.normal(0, 1.0, (out_channels, in_channels, kernel_size, kernel_size))
        else:
            self.W = weight_init_fn(out_channels, in_channels, kernel_size, kernel_size)
        if bias_init_fn is None:
            self.b = np.zeros(out_channels)
        else:
            self.b = bias_init_fn(out_channels)

        self.dLdW = np.zeros(self.W.shape)
        self.dLdb = np.zeros(self.b.shape)

    def forward(self, A):
        self.A = A
        k = self.kernel_size
        H, W = A.shape[2] - k + 1, A.shape[3] - k + 1
        Z = np.zeros((A.shape[0], self.out_channels, H, W))
        for i in range(H):
            for j in range(W):
                Z[:, :, i, j] = np.tensordot(A[:, :, i:i + k, j:j + k], self.W, axes=([1, 2, 3], [1, 2, 3])) + self.b
        return Z

    def backward(self, dLdZ):
        k = self.kernel_size
        N, _, H, W = dLdZ.shape
        self.dLdb = np.sum(dLdZ, axis=(0, 2, 3))
        for i in range(k):
            for j in range(k):
                self.dLdW[:, :, i, j] = np.tensordot(dLdZ, self.A[:, :, i:i + H, j:j + W], axes=([0, 2, 3], [0, 2, 3]))
        padded = np.pad(dLdZ, ((0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)))
        flipped = np.flip(np.flip(self.W, axis=2), axis=3)
        dLdA = np.zeros(self.A.shape)
        for i in range(dLdA.shape[2]):
            for j in range(dLdA.shape[3]):
                dLdA[:, :, i, j] = np.tensordot(padded[:, :, i:i + k, j:j + k], flipped, axes=([1, 2, 3], [0, 2, 3]))
        return dLdA


class Conv2d():
    def __init__(self, in_channels, out_channels, kernel_size, stride, padding=0, weight_init_fn=None, bias_init_fn=None):
        self.stride = stride
        self.pad = padding
        self.conv2d_stride1 = Conv2d_stride1(in_channels, out_channels, kernel_size, weight_init_fn, bias_init_fn)
        self.downsample2d = Downsample2d(stride)

    def forward(self, A):
        A = np.pad(A, ((0, 0), (0, 0), (self.pad, self.pad), (self.pad, self.pad)), mode='constant')
        return self.downsample2d.forward(self.conv2d_stride1.forward(A))

    def backward(self, dLdZ):
        dLdA = self.conv2d_stride1.backward(self.downsample2d.backward(dLdZ))
        if self.pad:
            dLdA = dLdA[:, :, self.pad:-self.pad, self.pad:-self.pad]
        return dLdA
