import numpy as np
from tqdm import tqdm

class Conv:
    """my first conv layer :) works on one image at a time: image[channel, y, x]"""

    def __init__(self, in_ch, out_ch, ksize):
        self.in_ch = in_ch
        self.out_ch = out_ch
        self.ksize = ksize
        self.weights = np.random.rand(out_ch, in_ch, ksize, ksize) - 0.5
        self.bias = np.random.rand(out_ch) - 0.5

    def unroll(self, image):
        k = self.ksize
        self.h = image.shape[1] - k + 1
        self.w = image.shape[2] - k + 1
        rows = []
        for y in range(self.h):
            for x in range(self.w):
                rows.append(image[:, y:y+k, x:x+k].reshape(-1))
        return np.array(rows)

    def forward(self, image):
        self.shape = image.shape
        self.rows = self.unroll(image)
        out = self.rows.dot(self.weights.reshape(self.out_ch, -1).T) + self.bias
        return out.T.reshape(self.out_ch, self.h, self.w)

    def backward(self, dout):
        k = self.ksize
        dflat = dout.reshape(self.out_ch, -1)
        self.dweights = dflat.dot(self.rows).reshape(self.weights.shape)
        self.dbias = dflat.sum(axis=1)
        drows = self.weights.reshape(-1, self.out_ch).dot(dflat)
        dimage = np.zeros(self.shape)
        n = 0
        for y in range(self.h):
            for x in range(self.w):
                dimage[:, y:y+k, x:x+k] += drows[:, n].reshape(self.in_ch, k, k)
                n += 1
        return dimage

    def update(self, lr):
        self.weights -= lr * self.dweights
        self.bias -= lr * self.dbias


mnist = np.load("mnist.npz")
x_train = mnist["x_train"] / 255.0
layer = Conv(1, 6, 5)
for img in tqdm(x_train[:500]):
    out = layer.forward(img[None])
    layer.backward(out * 0.001)
    layer.update(0.01)
print(layer.weights[0, 0])
