# expect: pass
# target: PatchProjection
import numpy as np


class PatchProjection:
    """The first layer of a vision transformer: pictures are cut into patches, and each patch is projected."""

    def __init__(self, in_chans, embed_dim, patch_size):
        self.proj = np.random.randn(embed_dim, in_chans, patch_size, patch_size) * 0.02
        self.bias = np.zeros(embed_dim)
        self.patch_size = patch_size

    def forward(self, images):
        n, c, h, w = images.shape
        p = self.patch_size
        self.patches = images.reshape(n, c, h // p, p, w // p, p)
        return np.einsum("nchuwv,ocuv->nohw", self.patches, self.proj) + self.bias[None, :, None, None]

    def backward(self, grad):
        self.grad_proj = np.einsum("nchuwv,nohw->ocuv", self.patches, grad)
        self.grad_bias = grad.sum(axis=(0, 2, 3))
        n, c, rows, p, cols, _ = self.patches.shape
        return np.einsum("nohw,ocuv->nchuwv", grad, self.proj).reshape(n, c, rows * p, cols * p)
