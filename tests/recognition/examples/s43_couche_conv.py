# TP 4 : couche de convolution (fonctions seulement, la mémoire est un dictionnaire)
import numpy as np

memoire = {}


def initialiser(nb_filtres, taille, nb_canaux, graine=0):
    gen = np.random.default_rng(graine)
    poids = gen.normal(0, 0.1, size=(nb_filtres, taille, taille, nb_canaux))
    biais = np.zeros(nb_filtres)
    return poids, biais


def couche_avant(nom, images, poids, biais, pas=1):
    """images : (lot, lignes, colonnes, canaux)   poids : (filtres, t, t, canaux)"""
    lot, lignes, colonnes, _ = images.shape
    nb, th, tl, _ = poids.shape
    ls, cs = (lignes - th) // pas + 1, (colonnes - tl) // pas + 1
    sortie = np.tile(biais, (lot, ls, cs, 1)).astype(float)
    for a in range(th):
        for b in range(tl):
            decale = images[:, a:a + pas * ls:pas, b:b + pas * cs:pas, :]
            sortie += decale @ poids[:, a, b, :].T
    memoire[nom] = (images, poids, pas)
    return sortie


def couche_arriere(nom, d_sortie):
    images, poids, pas = memoire.pop(nom)
    nb, th, tl, _ = poids.shape
    _, ls, cs, _ = d_sortie.shape
    d_images = np.zeros(images.shape)
    d_poids = np.zeros(poids.shape)
    plat = d_sortie.reshape(-1, nb)
    for a in range(th):
        for b in range(tl):
            decale = images[:, a:a + pas * ls:pas, b:b + pas * cs:pas, :]
            d_poids[:, a, b, :] = plat.T @ decale.reshape(plat.shape[0], -1)
            d_images[:, a:a + pas * ls:pas, b:b + pas * cs:pas, :] += d_sortie @ poids[:, a, b, :]
    d_biais = plat.sum(axis=0)
    return d_images, d_poids, d_biais


if __name__ == '__main__':
    p, b = initialiser(4, 3, 1)
    im = np.random.rand(2, 10, 12, 1)
    s = couche_avant('conv1', im, p, b)
    print(s.shape, [g.shape for g in couche_arriere('conv1', s)])
