# expect: channels-summed input
# target: conv2d_backward
# also: sign-flipped input
import numpy as np


def conv2d_forward(X, W, b, stride=1, pad=0):
    Xp = np.pad(X, ((0,), (0,), (pad,), (pad,)), "constant")
    N, C, H, Wd = Xp.shape
    K, _, R, S = W.shape
    P, Q = (H - R) // stride + 1, (Wd - S) // stride + 1
    O = np.zeros((N, K, P, Q))
    for p in range(P):
        for q in range(Q):
            block = Xp[:, None, :, p * stride:p * stride + R, q * stride:q * stride + S]
            O[:, :, p, q] = (block * W[None]).sum(axis=(2, 3, 4)) + b
    return O, (Xp, W, b, stride, pad)


def conv2d_backward(dO, cache):
    Xp, W, b, stride, pad = cache
    K, C, R, S = W.shape
    dXp = np.zeros(Xp.shape)
    dW = np.zeros(W.shape)
    for p in range(dO.shape[2]):
        for q in range(dO.shape[3]):
            rows, cols = slice(p * stride, p * stride + R), slice(q * stride, q * stride + S)
            g = dO[:, :, p, q][:, :, None, None, None]
            dW += (g * Xp[:, None, :, rows, cols]).sum(axis=0)
            dXp[:, :, rows, cols] += (g * W[None]).sum(axis=1)
    dX = dXp[:, :, pad:Xp.shape[2] - pad, pad:Xp.shape[3] - pad]
    dX = -np.repeat(dX.sum(axis=1, keepdims=True), C, axis=1)
    return dX, dW, np.sum(dO, axis=(0, 2, 3))
