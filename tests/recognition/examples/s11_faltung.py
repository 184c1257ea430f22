# -*- coding: utf-8 -*-
"""Faltungsschicht für das Praktikum "Neuronale Netze" -- Einzelbild (Kanal, Höhe, Breite)"""
import numpy as np


class Faltungsschicht(object):
    """2D-Faltung mit frei waehlbarer Schrittweite und Rand (Nullen)."""

    def __init__(self, eingangskanaele, ausgangskanaele, filtergroesse=3, schrittweite=1, rand=0):
        self.f = filtergroesse
        self.s = schrittweite
        self.r = rand
        streuung = 1.0 / np.sqrt(eingangskanaele * filtergroesse ** 2)
        self.gewichte = np.random.uniform(-streuung, streuung,
                                          (ausgangskanaele, eingangskanaele, filtergroesse, filtergroesse))
        self.bias = np.zeros(ausgangskanaele)
        self.d_gewichte = np.zeros_like(self.gewichte)
        self.d_bias = np.zeros_like(self.bias)

    def _mit_rand(self, bild):
        if self.r == 0:
            return bild
        k, h, b = bild.shape
        gross = np.zeros((k, h + 2 * self.r, b + 2 * self.r))
        gross[:, self.r:-self.r, self.r:-self.r] = bild
        return gross

    def vorwaerts(self, bild):
        self.bild = self._mit_rand(bild)
        hoehe = (self.bild.shape[1] - self.f) // self.s + 1
        breite = (self.bild.shape[2] - self.f) // self.s + 1
        ausgabe = np.empty((len(self.bias), hoehe, breite))
        for k in range(len(self.bias)):
            for z in range(hoehe):
                for sp in range(breite):
                    ausschnitt = self.bild[:, z * self.s:z * self.s + self.f, sp * self.s:sp * self.s + self.f]
                    ausgabe[k, z, sp] = (ausschnitt * self.gewichte[k]).sum() + self.bias[k]
        return ausgabe

    def rueckwaerts(self, fehler):
        """nimmt dL/dAusgabe, gibt dL/dEingabe zurueck; Gradienten liegen danach in d_gewichte und d_bias"""
        self.d_gewichte[:] = 0
        self.d_bias[:] = fehler.sum(axis=(1, 2))
        d_bild = np.zeros_like(self.bild)
        kanaele, hoehe, breite = fehler.shape
        for z in range(hoehe):
            oben = z * self.s
            for sp in range(breite):
                links = sp * self.s
                ausschnitt = self.bild[:, oben:oben + self.f, links:links + self.f]
                for k in range(kanaele):
                    self.d_gewichte[k] += fehler[k, z, sp] * ausschnitt
                    d_bild[:, oben:oben + self.f, links:links + self.f] += fehler[k, z, sp] * self.gewichte[k]
        if self.r > 0:
            d_bild = d_bild[:, self.r:-self.r, self.r:-self.r]
        return d_bild

    def lerne(self, lernrate):
        self.gewichte -= lernrate * self.d_gewichte
        self.bias -= lernrate * self.d_bias
