import numpy as np


class Layer(object):
    def __init__(self, name):
        self.name = name
        self.variables = {}
        self.gradients = {}

    def __str__(self):
        return '<%s %s>' % (type(self).__name__, self.name)


class Conv(Layer):
    def __init__(self, name, in_dim, out_dim, ksize=(3, 3), strides=(1, 1), stddev=0.02):
        super(Conv, self).__init__(name)
        self.ksize = ksize
        self.strides = strides
        self.variables['w'] = np.random.normal(scale=stddev, size=ksize + (in_dim, out_dim))
        self.variables['b'] = np.zeros((1, 1, 1, out_dim))

    def fprop(self, x):
        # NHWC, VALID
        self.x = x
        kh, kw = self.ksize
        sh, sw = self.strides
        w = self.variables['w']
        n, h, wd, c = x.shape
        self.oh = (h - kh) // sh + 1
        self.ow = (wd - kw) // sw + 1
        out = np.zeros((n, self.oh, self.ow, w.shape[3]))
        for i in range(self.oh):
            for j in range(self.ow):
                region = x[:, i * sh:i * sh + kh, j * sw:j * sw + kw, :].reshape(n, -1)
                out[:, i, j, :] = region.dot(w.reshape(-1, w.shape[3]))
        return out + self.variables['b']

    def bprop(self, dout):
        x, w = self.x, self.variables['w']
        kh, kw = self.ksize
        sh, sw = self.strides
        n = x.shape[0]
        dw = np.zeros((kh * kw * x.shape[3], w.shape[3]))
        dx = np.zeros(x.shape)
        for i in range(self.oh):
            for j in range(self.ow):
                d = dout[:, i, j, :]
                region = x[:, i * sh:i * sh + kh, j * sw:j * sw + kw, :].reshape(n, -1)
                dw += region.T.dot(d)
                dregion = d.dot(w.reshape(-1, w.shape[3]).T).reshape(n, kh, kw, -1)
                dx[:, i:i + kh, j:j + kw, :] += dregion
        self.gradients['w'] = dw.reshape(w.shape)
        self.gradients['b'] = dout.sum(axis=(0, 1, 2), keepdims=True)
        return dx
