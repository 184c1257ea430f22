# expect: axes-transposed weight
# target: ConvNHWC
import numpy as np


class ConvNHWC:
    """Weights are made when the first batch arrives; channels last."""

    def __init__(self, out_ch, kernel_shape, pad=0, stride=1, act_fn=None):
        self.out_ch, self.kernel_shape, self.pad, self.stride = out_ch, kernel_shape, pad, stride
        self.parameters = {"W": None, "b": None}
        self.gradients = {"W": None, "b": None}
        self.is_initialized = False

    def _init_params(self, channels):
        fr, fc = self.kernel_shape
        self.parameters["W"] = np.random.randn(fr, fc, channels, self.out_ch)
        self.parameters["b"] = np.zeros((1, 1, 1, self.out_ch))
        self.is_initialized = True

    def forward(self, X):
        if not self.is_initialized:
            self._init_params(X.shape[3])
        W, p, s = self.parameters["W"], self.pad, self.stride
        Xp = np.pad(X, ((0, 0), (p, p), (p, p), (0, 0)))
        fr, fc = W.shape[:2]
        oh, ow = 1 + (Xp.shape[1] - fr) // s, 1 + (Xp.shape[2] - fc) // s
        self.X, self.Xp = X, Xp
        Z = np.zeros((len(X), oh, ow, self.out_ch))
        for i in range(oh):
            for j in range(ow):
                Z[:, i, j] = np.einsum("nuvc,uvco->no", Xp[:, i * s:i * s + fr, j * s:j * s + fc], W)
        return Z + self.parameters["b"]

    def backward(self, dLdy):
        W, p, s = self.parameters["W"], self.pad, self.stride
        fr, fc = W.shape[:2]
        dX, dW = np.zeros_like(self.Xp), np.zeros_like(W)
        for i in range(dLdy.shape[1]):
            for j in range(dLdy.shape[2]):
                win = np.s_[:, i * s:i * s + fr, j * s:j * s + fc]
                dW += np.einsum("nuvc,no->uvco", self.Xp[win], dLdy[:, i, j])
                dX[win] += np.einsum("uvco,no->nuvc", W, dLdy[:, i, j])
        self.gradients["W"] = dW.transpose(1, 0, 2, 3)
        self.gradients["b"] = dLdy.sum(axis=(0, 1, 2)).reshape(1, 1, 1, -1)
        return dX[:, p:p + self.X.shape[1], p:p + self.X.shape[2]]
