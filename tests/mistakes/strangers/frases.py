# expect: pass
# target: ConvTexto
import numpy as np


class ConvTexto:
    """Convolucion sobre frases ya incrustadas: (lote, palabras, rasgos). Filtros de (ancho, rasgos, mapas)."""

    def __init__(self, rasgos, mapas, ancho, paso=1, semilla=3):
        azar = np.random.default_rng(semilla)
        self.filtros = azar.normal(0, 0.1, (ancho, rasgos, mapas))
        self.sesgo = np.zeros(mapas)
        self.ancho, self.paso = ancho, paso

    def forward(self, frases):
        self.frases = frases
        largo = (frases.shape[1] - self.ancho) // self.paso + 1
        salida = np.empty((frases.shape[0], largo, self.filtros.shape[2]))
        for t in range(largo):
            trozo = frases[:, t * self.paso : t * self.paso + self.ancho]
            salida[:, t] = np.tensordot(trozo, self.filtros, axes=([1, 2], [0, 1])) + self.sesgo
        return salida

    def backward(self, delta):
        # gradientes respecto de los filtros, del sesgo y de las frases
        self.d_filtros = np.zeros_like(self.filtros)
        self.d_sesgo = delta.sum(axis=(0, 1))
        d_frases = np.zeros(self.frases.shape)
        for t in range(delta.shape[1]):
            desde = t * self.paso
            trozo = self.frases[:, desde : desde + self.ancho]
            self.d_filtros += np.einsum("nkr,nm->krm", trozo, delta[:, t])
            d_frases[:, desde : desde + self.ancho] += np.einsum("nm,krm->nkr", delta[:, t], self.filtros)
        return d_frases
