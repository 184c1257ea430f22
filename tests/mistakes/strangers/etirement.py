# expect: pass
# target: ConvTransposee1D
import numpy as np


class ConvTransposee1D:
    """Convolution transposee d'un signal (lot, canaux, temps); noyau (entree, sortie, taille)."""

    def __init__(self, entree, sortie, taille, pas=1):
        self.noyau = np.random.randn(entree, sortie, taille)
        self.biais = np.zeros((sortie, 1))
        self.pas = pas

    def forward(self, x):
        self.x = x
        taille = self.noyau.shape[2]
        y = np.zeros((x.shape[0], self.noyau.shape[1], (x.shape[2] - 1) * self.pas + taille))
        for t in range(x.shape[2]):
            y[:, :, t * self.pas : t * self.pas + taille] += np.einsum("ni,iok->nok", x[:, :, t], self.noyau)
        return y + self.biais

    def backward(self, dy):
        taille = self.noyau.shape[2]
        dx, self.d_noyau = np.zeros(self.x.shape), np.zeros(self.noyau.shape)
        for t in range(self.x.shape[2]):
            vue = dy[:, :, t * self.pas : t * self.pas + taille]
            dx[:, :, t] = np.einsum("nok,iok->ni", vue, self.noyau)
            self.d_noyau += np.einsum("ni,nok->iok", self.x[:, :, t], vue)
        self.d_biais = dy.sum(axis=(0, 2))[:, None]
        return dx
