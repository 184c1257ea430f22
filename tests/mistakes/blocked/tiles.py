# expect: pass
# target: conv2d_bwd
"""Filters in tiles of five, as a kernel of a GPU would do them."""
import numpy as np

FILTERS_PER_TILE = 5


def tiles(count):
    return -(-count // FILTERS_PER_TILE)


def conv2d_bwd(x, w, dy, stride=1, pad=0):
    kh, kw = w.shape[2:]
    oh, ow = dy.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    for tile in range(tiles(w.shape[0])):
        mine = slice(tile * FILTERS_PER_TILE, (tile + 1) * FILTERS_PER_TILE)
        for u in range(kh):
            for v in range(kw):
                at = np.s_[:, :, u:u + stride * oh:stride, v:v + stride * ow:stride]
                dw[mine, :, u, v] = np.einsum("bfyz,bcyz->fc", dy[:, mine], xp[at])
                dxp[at] += np.einsum("bfyz,fc->bcyz", dy[:, mine], w[mine, :, u, v])
    return dxp[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]], dw, dy.sum((0, 2, 3))
