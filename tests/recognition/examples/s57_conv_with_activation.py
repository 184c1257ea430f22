import numpy as np

ACT = {
    None: (lambda z: z, lambda z: np.ones_like(z)),
    'relu': (lambda z: np.where(z > 0, z, 0), lambda z: (z > 0).astype(z.dtype)),
    'tanh': (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    'sigmoid': (lambda z: 1 / (1 + np.exp(-z)), lambda z: (1 / (1 + np.exp(-z))) * (1 - 1 / (1 + np.exp(-z)))),
}


class Conv2D:
    def __init__(self, n_filters, kernel=3, stride=1, activation=None, seed=None):
        self.n_filters, self.kernel, self.stride = n_filters, kernel, stride
        self.f, self.df = ACT[activation]
        self.rng = np.random.RandomState(seed)
        self.W = self.b = None

    def initialize(self, input_shape):
        """input_shape = (h, w, c)"""
        c = input_shape[-1]
        self.W = self.rng.randn(self.n_filters, self.kernel, self.kernel, c) / np.sqrt(self.kernel ** 2 * c)
        self.b = np.zeros(self.n_filters)

    def forward(self, X):
        """X: (batch, h, w, c)"""
        if self.W is None:
            self.initialize(X.shape[1:])
        self.X = X
        k, s = self.kernel, self.stride
        m, h, w, c = X.shape
        H, W = (h - k) // s + 1, (w - k) // s + 1
        self.Z = np.zeros((m, H, W, self.n_filters))
        for i in range(H):
            for j in range(W):
                block = X[:, i * s:i * s + k, j * s:j * s + k, :]
                self.Z[:, i, j, :] = np.einsum('mabc,fabc->mf', block, self.W) + self.b
        return self.f(self.Z)

    def backward(self, dA):
        k, s = self.kernel, self.stride
        dZ = dA * self.df(self.Z)
        self.dW = np.zeros_like(self.W)
        self.db = dZ.reshape(-1, self.n_filters).sum(axis=0)
        dX = np.zeros_like(self.X)
        for i in range(dZ.shape[1]):
            for j in range(dZ.shape[2]):
                window = (slice(None), slice(i * s, i * s + k), slice(j * s, j * s + k))
                self.dW += np.einsum('mf,mabc->fabc', dZ[:, i, j], self.X[window])
                dX[window] += np.einsum('mf,fabc->mabc', dZ[:, i, j], self.W)
        return dX
