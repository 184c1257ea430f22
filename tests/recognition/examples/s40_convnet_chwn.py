import numpy as np
# layers in the cuda-convnet memory order: images (C, H, W, N), filters (C, KH, KW, F)


class Adam:
    def __init__(self, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8):
        self.lr, self.b1, self.b2, self.eps = lr, b1, b2, eps
        self.t = 0
        self.m, self.v = {}, {}

    def update(self, layers):
        self.t += 1
        for n, layer in enumerate(layers):
            for key, g in getattr(layer, 'grads', {}).items():
                k = (n, key)
                self.m[k] = self.b1 * self.m.get(k, 0) + (1 - self.b1) * g
                self.v[k] = self.b2 * self.v.get(k, 0) + (1 - self.b2) * g * g
                mh = self.m[k] / (1 - self.b1 ** self.t)
                vh = self.v[k] / (1 - self.b2 ** self.t)
                layer.params[key] -= self.lr * mh / (np.sqrt(vh) + self.eps)


class Conv:
    def __init__(self, channels, filters, size, stride=1, pad=0):
        self.stride, self.pad = stride, pad
        self.params = {'W': 0.01 * np.random.randn(channels, size, size, filters), 'b': np.zeros((filters, 1))}
        self.grads = {}

    def forward(self, images):
        p = self.pad
        self.im = np.pad(images, ((0, 0), (p, p), (p, p), (0, 0)))
        W = self.params['W']
        C, K, _, F = W.shape
        rows = range(0, self.im.shape[1] - K + 1, self.stride)
        cols = range(0, self.im.shape[2] - K + 1, self.stride)
        out = np.empty((F, len(rows), len(cols), images.shape[3]))
        Wm = W.reshape(-1, F).T
        for oy, y in enumerate(rows):
            for ox, x in enumerate(cols):
                out[:, oy, ox] = Wm.dot(self.im[:, y:y + K, x:x + K].reshape(C * K * K, -1)) + self.params['b']
        return out

    def backward(self, delta):
        W = self.params['W']
        C, K, _, F = W.shape
        gW = np.zeros((C * K * K, F))
        gim = np.zeros_like(self.im)
        for oy in range(delta.shape[1]):
            for ox in range(delta.shape[2]):
                y, x = oy * self.stride, ox * self.stride
                d = delta[:, oy, ox]                            # F x N
                gW += self.im[:, y:y + K, x:x + K].reshape(C * K * K, -1).dot(d.T)
                gim[:, y:y + K, x:x + K] += W.reshape(-1, F).dot(d).reshape(C, K, K, -1)
        self.grads['W'] = gW.reshape(W.shape)
        self.grads['b'] = delta.sum(axis=(1, 2, 3)).reshape(F, 1)
        p = self.pad
        if p:
            gim = gim[:, p:-p, p:-p]
        return gim


data = np.load('/home/jonas/data/cifar10_chwn.npz')
X, y = data['X'].astype(np.float64) / 255, data['y']
X -= X.mean(axis=3, keepdims=True)
net = [Conv(3, 32, 5, 1, 2)]
opt = Adam()
for it in range(100):
    batch = X[..., np.random.randint(0, X.shape[3], 64)]
    out = net[0].forward(batch)
    net[0].backward(out / 64)
    opt.update(net)
    print(it, 0.5 * (out ** 2).sum() / 64)
