import numpy as np

# Práctica 3 - Redes convolucionales
# Autor: grupo 7


class CapaConvolucional:

    def __init__(self, num_filtros, alto_filtro, ancho_filtro, canales, paso=1, relleno=0, semilla=None):
        rng = np.random.RandomState(semilla)
        self.num_filtros = num_filtros
        self.alto_filtro, self.ancho_filtro = alto_filtro, ancho_filtro
        self.canales = canales
        self.paso = paso
        self.relleno = relleno
        self.pesos = rng.randn(num_filtros, canales, alto_filtro, ancho_filtro) * 0.1
        self.sesgos = np.zeros((num_filtros, 1))

    def propagar(self, entrada):
        self.entrada = entrada
        lote, canales, alto, ancho = entrada.shape
        r = self.relleno
        self.rellena = np.zeros((lote, canales, alto + 2 * r, ancho + 2 * r))
        self.rellena[:, :, r:r + alto, r:r + ancho] = entrada
        alto_sal = (alto + 2 * r - self.alto_filtro) // self.paso + 1
        ancho_sal = (ancho + 2 * r - self.ancho_filtro) // self.paso + 1
        salida = np.zeros((lote, self.num_filtros, alto_sal, ancho_sal))
        for fila in range(alto_sal):
            for col in range(ancho_sal):
                f0, c0 = fila * self.paso, col * self.paso
                ventana = self.rellena[:, :, f0:f0 + self.alto_filtro, c0:c0 + self.ancho_filtro]
                for f in range(self.num_filtros):
                    salida[:, f, fila, col] = (ventana * self.pesos[f]).sum(axis=(1, 2, 3)) + self.sesgos[f, 0]
        return salida

    def retropropagar(self, grad_salida):
        lote, canales, alto, ancho = self.entrada.shape
        r, p = self.relleno, self.paso
        grad_pesos = np.zeros_like(self.pesos)
        grad_sesgos = grad_salida.sum(axis=(0, 2, 3)).reshape(self.sesgos.shape)
        grad_rellena = np.zeros_like(self.rellena)
        lado = grad_salida.shape[-1]
        for n in range(lote):
            for f in range(self.num_filtros):
                for i in range(lado):
                    for j in range(lado):
                        g = grad_salida[n, f, i, j]
                        ventana = self.rellena[n, :, i * p:i * p + self.alto_filtro, j * p:j * p + self.ancho_filtro]
                        grad_pesos[f] += g * ventana
                        grad_rellena[n, :, i * p:i * p + self.alto_filtro, j * p:j * p + self.ancho_filtro] += g * self.pesos[f]
        self.grad_pesos, self.grad_sesgos = grad_pesos, grad_sesgos
        return grad_rellena[:, :, r:r + alto, r:r + ancho]

    def actualizar(self, tasa):
        self.pesos -= tasa * self.grad_pesos
        self.sesgos -= tasa * self.grad_sesgos
