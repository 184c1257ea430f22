# Trabalho 2 - Aprendizado Profundo
import numpy as np


def inicializa_filtros(n_filtros, n_canais, altura, largura):
    fan_in = n_canais * altura * largura
    return {'filtros': np.random.randn(n_filtros, n_canais, altura, largura) * np.sqrt(2.0 / fan_in),
            'vies': np.zeros((n_filtros, 1))}


def janelas(x, altura, largura, passo):
    n, c, h, w = x.shape
    ho, wo = (h - altura) // passo + 1, (w - largura) // passo + 1
    saida = np.empty((n, ho, wo, c, altura, largura), dtype=x.dtype)
    for i in range(ho):
        for j in range(wo):
            saida[:, i, j] = x[:, :, i * passo:i * passo + altura, j * passo:j * passo + largura]
    return saida


def passo_frente(x, parametros, passo=1, borda=0):
    filtros, vies = parametros['filtros'], parametros['vies']
    xb = np.pad(x, ((0, 0), (0, 0), (borda, borda), (borda, borda)))
    jan = janelas(xb, filtros.shape[2], filtros.shape[3], passo)
    z = np.einsum('nhwcij,fcij->nfhw', jan, filtros) + vies.reshape(1, -1, 1, 1)
    memoria = {'x': x, 'jan': jan, 'filtros': filtros, 'passo': passo, 'borda': borda}
    return z, memoria


def passo_tras(dz, memoria):
    filtros, passo, borda = memoria['filtros'], memoria['passo'], memoria['borda']
    n_filtros = filtros.shape[0]
    n, c, h, w = memoria['x'].shape
    altura, largura = filtros.shape[2:]

    d_filtros = np.einsum('nfhw,nhwcij->fcij', dz, memoria['jan'])
    d_vies = dz.reshape(n_filtros, -1).sum(axis=1, keepdims=True)

    d_jan = np.einsum('nfhw,fcij->nhwcij', dz, filtros)
    d_xb = np.zeros((n, c, h + 2 * borda, w + 2 * borda))
    for i in range(dz.shape[2]):
        for j in range(dz.shape[3]):
            d_xb[:, :, i * passo:i * passo + altura, j * passo:j * passo + largura] += d_jan[:, i, j]
    d_x = d_xb[:, :, borda:borda + h, borda:borda + w]
    return {'x': d_x, 'filtros': d_filtros, 'vies': d_vies}
