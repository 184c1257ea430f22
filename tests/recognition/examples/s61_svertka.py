# -*- coding: utf-8 -*-
"""Лабораторная работа: свёрточный слой. Формат данных NHWC, ядра (выход, высота, ширина, вход)."""
import numpy as np
import matplotlib.pyplot as plt
from tqdm import trange


class SvertochnySloy:
    __slots__ = ('yadra', 'smeshchenie', 'shag', 'otstup', 'okna', 'razmer', 'grad_yadra', 'grad_smeshchenie')

    def __init__(self, vhod, vyhod, yadro, shag=1, otstup=0):
        vys, shir = yadro if isinstance(yadro, tuple) else (yadro, yadro)
        self.yadra = np.random.randn(vyhod, vys, shir, vhod) * (2 / (vys * shir * vhod)) ** .5
        self.smeshchenie = np.zeros(vyhod)
        self.shag, self.otstup = shag, otstup

    def vpered(self, x):
        o, s = self.otstup, self.shag
        x = np.pad(x, ((0, 0), (o, o), (o, o), (0, 0)))
        self.razmer = x.shape
        _, vys, shir, _ = self.yadra.shape
        n, h, w, c = x.shape
        h2, w2 = (h - vys) // s + 1, (w - shir) // s + 1
        sn, sh, sw, sc = x.strides
        self.okna = np.lib.stride_tricks.as_strided(
            x, shape=(n, h2, w2, vys, shir, c), strides=(sn, sh * s, sw * s, sh, sw, sc), writeable=False)
        return np.tensordot(self.okna, self.yadra, axes=([3, 4, 5], [1, 2, 3])) + self.smeshchenie

    def nazad(self, dy):
        o, s = self.otstup, self.shag
        self.grad_yadra = np.tensordot(dy, self.okna, axes=([0, 1, 2], [0, 1, 2]))
        self.grad_smeshchenie = dy.sum(axis=(0, 1, 2))
        d_okna = np.tensordot(dy, self.yadra, axes=([3], [0]))          # n h2 w2 vys shir c
        dx = np.zeros(self.razmer)
        for i in range(d_okna.shape[3]):
            for j in range(d_okna.shape[4]):
                dx[:, i:i + s * d_okna.shape[1]:s, j:j + s * d_okna.shape[2]:s] += d_okna[:, :, :, i, j]
        return dx[:, o:self.razmer[1] - o, o:self.razmer[2] - o]


if __name__ == '__main__':
    kartinka = plt.imread('kot.jpg')[None] / 255.
    sloy = SvertochnySloy(3, 3, 3, otstup=1)
    oshibki = []
    for _ in trange(200):
        y = sloy.vpered(kartinka)
        sloy.nazad(2 * (y - kartinka) / y.size)
        sloy.yadra -= 0.5 * sloy.grad_yadra
        sloy.smeshchenie -= 0.5 * sloy.grad_smeshchenie
        oshibki.append(((y - kartinka) ** 2).mean())
    plt.plot(oshibki)
    plt.show()
