import numpy as np
from collections import namedtuple

ConvCache = namedtuple('ConvCache', 'x_pad kernel stride pad hw')


def conv2d_fprop(x, kernel, bias, stride=(1, 1), pad=(0, 0)):
    """x: b c h w / kernel: o c i j / stride and pad: (vertical, horizontal)"""
    (sv, sh), (pv, ph) = stride, pad
    x_pad = np.pad(x, ((0, 0), (0, 0), (pv, pv), (ph, ph)))
    windows = np.lib.stride_tricks.sliding_window_view(x_pad, kernel.shape[-2:], axis=(-2, -1))[..., ::sv, ::sh, :, :]
    y = np.einsum('b c h w i j, o c i j -> b o h w', windows, kernel, optimize='greedy')
    y += bias[:, None, None]
    return y, ConvCache(x_pad, kernel, stride, pad, x.shape[-2:])


def conv2d_bprop(dy, cache):
    (sv, sh), (pv, ph) = cache.stride, cache.pad
    h, w = cache.hw
    kernel = cache.kernel
    windows = np.lib.stride_tricks.sliding_window_view(cache.x_pad, kernel.shape[-2:], axis=(-2, -1))[..., ::sv, ::sh, :, :]
    dkernel = np.einsum('b o h w, b c h w i j -> o c i j', dy, windows, optimize='greedy')
    dbias = np.einsum('b o h w -> o', dy)

    dx_pad = np.zeros_like(cache.x_pad)
    dwin = np.lib.stride_tricks.sliding_window_view(dx_pad, kernel.shape[-2:], axis=(-2, -1), writeable=True)
    dwin = dwin[..., ::sv, ::sh, :, :]
    for i in range(kernel.shape[2]):
        for j in range(kernel.shape[3]):
            dwin[..., i, j] += np.einsum('b o h w, o c -> b c h w', dy, kernel[:, :, i, j])
    dx = dx_pad[:, :, ph:ph + h, pv:pv + w]
    return dx, dkernel, dbias
