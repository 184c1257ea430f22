import numpy as np


class GrayConv:
    """single gray image, single kernel; y = x * k + b"""

    def __init__(self, size=3, pad=0, lr=0.01):
        self.kernel = np.random.randn(size, size)
        self.b = 0.0
        self.pad = pad
        self.lr = lr

    def __call__(self, x):
        self.x = np.pad(x, self.pad)
        k = self.kernel.shape[0]
        H, W = self.x.shape
        y = np.array([[np.sum(self.x[r:r+k, c:c+k] * self.kernel) for c in range(W-k+1)] for r in range(H-k+1)])
        return y + self.b

    def grad(self, dy):
        """gives back (dL/dx, dL/dkernel, dL/db)"""
        k = self.kernel.shape[0]
        m, n = dy.shape
        dk = np.zeros((k, k))
        for r in range(k):
            for c in range(k):
                dk[r, c] = np.sum(self.x[r:r+m, c:c+n] * dy)
        dk = np.rot90(dk, 2)

        big = np.pad(dy, k-1)
        flipped = np.rot90(self.kernel, 2)
        dx = np.zeros_like(self.x)
        for r in range(dx.shape[0]):
            for c in range(dx.shape[1]):
                dx[r, c] = np.sum(big[r:r+k, c:c+k] * flipped)
        p = self.pad
        return dx[p:dx.shape[0]-p, p:dx.shape[1]-p], dk, dy.sum()

    def learn(self, dk, db):
        self.kernel -= self.lr * dk
        self.b -= self.lr * db
