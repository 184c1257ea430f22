# expect: pass
# target: ChannelFilters
import torch


class ChannelFilters:
    """Depthwise in torch without its autograd: the weights step when backward is called."""

    def __init__(self, channels, kernel_size=(3, 3), padding=0):
        self.channels, self.padding = channels, padding
        self.kh, self.kw = kernel_size
        self.W = torch.rand(channels, self.kh, self.kw)
        self.b = torch.rand(channels)

    def __call__(self, X):
        self.X = torch.nn.functional.pad(X, (self.padding,) * 4)
        views = self.X.unfold(2, self.kh, 1).unfold(3, self.kw, 1)
        return torch.einsum("nchwuv,cuv->nchw", views, self.W) + self.b[:, None, None]

    def backward(self, G, lr):
        views = self.X.unfold(2, self.kh, 1).unfold(3, self.kw, 1)
        dX = torch.zeros_like(self.X)
        for u in range(self.kh):
            for v in range(self.kw):
                dX[:, :, u : u + G.shape[2], v : v + G.shape[3]] += G * self.W[:, u, v][:, None, None]
        self.W -= lr * torch.einsum("nchwuv,nchw->cuv", views, G)
        self.b -= lr * G.sum((0, 2, 3))
        p = self.padding
        return dX[:, :, p : dX.shape[2] - p, p : dX.shape[3] - p]
