import numpy as np

# Homework "modules": every module has forward(A), backward(dLdZ), sgd_step(lrate)


class Module:
    def sgd_step(self, lrate):
        pass


class Conv1Ch(Module):
    """
    n filters on a single channel picture.
    A: (rows, cols)  ->  Z: (n, rows', cols')      W: (n, k, k)    W0: (n, 1)
    """

    def __init__(self, n, k):
        self.n, self.k = n, k
        self.W0 = np.zeros([n, 1])
        self.W = np.random.normal(0, 1.0 / k, [n, k, k])

    def forward(self, A):
        self.A = A
        r, c = A.shape[0] - self.k + 1, A.shape[1] - self.k + 1
        # P[:, t] is the t-th patch
        self.P = np.stack([A[i:i + r, j:j + c].ravel() for i in range(self.k) for j in range(self.k)])
        self.rc = (r, c)
        return (self.W.reshape(self.n, -1) @ self.P + self.W0).reshape(self.n, r, c)

    def backward(self, dLdZ):
        d = dLdZ.reshape(self.n, -1)
        self.dLdW = (d @ self.P.T).reshape(self.W.shape)
        self.dLdW0 = d @ np.ones((d.shape[1], 1))
        dLdP = self.W.reshape(self.n, -1).T @ d
        dLdA = np.zeros(self.A.shape)
        r, c = self.rc
        for t in range(self.k * self.k):
            i, j = divmod(t, self.k)
            dLdA[i:i + r, j:j + c] += dLdP[t].reshape(r, c)
        return dLdA

    def sgd_step(self, lrate):
        self.W -= lrate * self.dLdW
        self.W0 -= lrate * self.dLdW0


class ReLU(Module):
    def forward(self, Z):
        self.A = np.maximum(0, Z)
        return self.A

    def backward(self, dLdA):
        return dLdA * (self.A != 0)


class Sequential:
    def __init__(self, modules):
        self.modules = modules

    def forward(self, Xt):
        for m in self.modules:
            Xt = m.forward(Xt)
        return Xt

    def backward(self, delta):
        for m in self.modules[::-1]:
            delta = m.backward(delta)
        return delta
