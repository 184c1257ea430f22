"""Ten functions as a course writes them, forward and backward in numpy: targets for `verify`."""

import numpy as np


def relu_forward(x):
    """max(x, 0)."""
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    """dx."""
    return dout * (cache > 0)


def leaky_forward(x):
    """A tenth of x below 0."""
    return np.where(x > 0, x, 0.1 * x), x


def leaky_backward(dout, cache):
    """dx."""
    return np.where(cache > 0, dout, 0.1 * dout)


def sigmoid_forward(x):
    """1 / (1 + exp(-x))."""
    out = 1 / (1 + np.exp(-x))
    return out, out


def sigmoid_backward(dout, cache):
    """dx."""
    return dout * cache * (1 - cache)


def tanh_forward(x):
    """tanh(x)."""
    out = np.tanh(x)
    return out, out


def tanh_backward(dout, cache):
    """dx."""
    return dout * (1 - cache**2)


def affine_forward(x, w, b):
    """x w + b."""
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    """dx, dw, db."""
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def softmax_forward(x):
    """exp(x) over its sum, along the last axis."""
    shifted = np.exp(x - x.max(axis=-1, keepdims=True))
    out = shifted / shifted.sum(axis=-1, keepdims=True)
    return out, out


def softmax_backward(dout, cache):
    """dx."""
    return cache * (dout - (dout * cache).sum(axis=-1, keepdims=True))


def product_forward(x, y):
    """x y, entry by entry."""
    return x * y, (x, y)


def product_backward(dout, cache):
    """dx, dy."""
    x, y = cache
    return dout * y, dout * x


def softplus_forward(x):
    """log(1 + exp(x))."""
    return np.log1p(np.exp(x)), x


def softplus_backward(dout, cache):
    """dx."""
    return dout / (1 + np.exp(-cache))


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """Each row with mean 0 and variance 1, then scaled and moved."""
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    normed = (x - x.mean(axis=1, keepdims=True)) / std
    return gamma * normed + beta, (normed, std, gamma)


def layernorm_backward(dout, cache):
    """dx, dgamma, dbeta."""
    normed, std, gamma = cache
    dnormed = dout * gamma
    spread = dnormed - dnormed.mean(axis=1, keepdims=True) - normed * (dnormed * normed).mean(axis=1, keepdims=True)
    return spread / std, (dout * normed).sum(axis=0), dout.sum(axis=0)


def swish_forward(x):
    """x sigmoid(x)."""
    return x / (1 + np.exp(-x)), x


def swish_backward(dout, cache):
    """dx."""
    gate = 1 / (1 + np.exp(-cache))
    return dout * gate * (1 + cache * (1 - gate))
