# expect: kernel-rotated weight
# target: short_conv_backward
import numpy as np


def short_conv(u, taps, skip=None):
    """The short depthwise convolution in front of a state-space scan: u (B, L, D), taps (D, K), causal."""
    K = taps.shape[1]
    padded = np.concatenate([np.zeros((u.shape[0], K - 1, u.shape[2])), u], axis=1)
    y = np.zeros_like(u)
    for j in range(K):
        y += padded[:, j : j + u.shape[1], :] * taps[:, j]
    return y


def short_conv_backward(dy, u, taps):
    K, L = taps.shape[1], u.shape[1]
    padded = np.concatenate([np.zeros((u.shape[0], K - 1, u.shape[2])), u], axis=1)
    d_padded = np.zeros_like(padded)
    d_taps = np.zeros_like(taps)
    for j in range(K):
        d_padded[:, j : j + L, :] += dy * taps[:, j]
        d_taps[:, K - 1 - j] = np.sum(dy * padded[:, j : j + L, :], axis=(0, 1))
    return d_padded[:, K - 1 :, :], d_taps
