"""Functions with one mistake each, and right ones: what docs/measure_functions.py hands to every checker."""

# ruff: noqa: D101, D102, ARG004  the classes are what is judged; what each does wrong stands in the comparison

import math

import torch


class Norm(torch.autograd.Function):
    """A layer norm of rows. Right."""

    @staticmethod
    def forward(ctx, x, gamma, beta):
        mean = x.mean(-1, keepdim=True)
        var = ((x - mean) ** 2).mean(-1, keepdim=True)
        inverse = torch.rsqrt(var + 1e-5)
        normed = (x - mean) * inverse
        ctx.save_for_backward(normed, gamma, inverse)
        return normed * gamma + beta

    @staticmethod
    def inner(g, normed, gamma, inverse):
        h = g * gamma
        return inverse * (h - h.mean(-1, keepdim=True) - normed * (h * normed).mean(-1, keepdim=True))

    @classmethod
    def backward(cls, ctx, g):
        normed, gamma, inverse = ctx.saved_tensors
        return cls.inner(g, normed, gamma, inverse), (g * normed).sum(0), g.sum(0)


class NormVarianceForgotten(Norm):
    @staticmethod
    def inner(g, normed, gamma, inverse):
        h = g * gamma
        return inverse * (h - h.mean(-1, keepdim=True))


class NormMeanForgotten(Norm):
    @staticmethod
    def inner(g, normed, gamma, inverse):
        h = g * gamma
        return inverse * (h - normed * (h * normed).mean(-1, keepdim=True))


class NormGainForgotten(Norm):
    @staticmethod
    def inner(g, normed, gamma, inverse):
        return inverse * (g - g.mean(-1, keepdim=True) - normed * (g * normed).mean(-1, keepdim=True))


class NormOtherDivisor(Norm):
    """N - 1 where the forward has N."""

    @staticmethod
    def inner(g, normed, gamma, inverse):
        h = g * gamma
        return inverse * (
            h - h.mean(-1, keepdim=True) - normed * (h * normed).sum(-1, keepdim=True) / (h.shape[-1] - 1)
        )


class NormLastRowDropped(Norm):
    """The tail of the rows is left out of the sum for gamma."""

    @staticmethod
    def backward(ctx, g):
        normed, gamma, inverse = ctx.saved_tensors
        return Norm.inner(g, normed, gamma, inverse), (g * normed)[:-1].sum(0), g.sum(0)


class NormReadsInMemoryOrder(Norm):
    """G as it lies in memory."""

    @staticmethod
    def backward(ctx, g):
        normed, gamma, inverse = ctx.saved_tensors
        g = torch.as_strided(g, g.shape, (g.shape[1], 1)) if g.stride(0) * g.stride(1) else g.contiguous()
        return Norm.inner(g, normed, gamma, inverse), (g * normed).sum(0), g.sum(0)


class NormScalesG(Norm):
    """G is multiplied in place."""

    @staticmethod
    def backward(ctx, g):
        normed, gamma, inverse = ctx.saved_tensors
        first = (g * normed).sum(0), g.sum(0)
        g.mul_(gamma)
        dx = inverse * (g - g.mean(-1, keepdim=True) - normed * (g * normed).mean(-1, keepdim=True))
        return dx, *first


class Softmax(torch.autograd.Function):
    """Rows. Right."""

    @staticmethod
    def forward(ctx, x):
        y = torch.exp(x - x.max(-1, keepdim=True).values)
        y = y / y.sum(-1, keepdim=True)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def inner(g, y):
        return y * (g - (g * y).sum(-1, keepdim=True))

    @classmethod
    def backward(cls, ctx, g):
        (y,) = ctx.saved_tensors
        return cls.inner(g, y)


class SoftmaxDiagonal(Softmax):
    @staticmethod
    def inner(g, y):
        return g * y * (1 - y)


class SoftmaxSumOfProbabilities(Softmax):
    """The sum of G, not of G times y."""

    @staticmethod
    def inner(g, y):
        return y * (g - g.mean(-1, keepdim=True))


class Attention(torch.autograd.Function):
    """Every position attends to all. Right."""

    masked = False
    scales = 1

    @staticmethod
    def forward(ctx, q, k, v):
        p = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1)
        ctx.save_for_backward(q, k, v, p)
        return p @ v

    @classmethod
    def backward(cls, ctx, g):
        q, k, v, p = ctx.saved_tensors
        p = torch.tril(p) if cls.masked else p
        dp = g @ v.transpose(-1, -2)
        ds = p * (dp - (dp * p).sum(-1, keepdim=True)) / math.sqrt(q.shape[-1]) ** cls.scales
        return ds @ k, ds.transpose(-1, -2) @ q, p.transpose(-1, -2) @ g


class AttentionMasksBackward(Attention):
    masked = True


class AttentionScaledTwice(Attention):
    scales = 2


class Gelu(torch.autograd.Function):
    """x times the normal distribution's cumulative function. Right."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (0.5 * (1 + torch.erf(x / math.sqrt(2))) + x * torch.exp(-0.5 * x * x) / math.sqrt(2 * math.pi))


class GeluOtherForm(Gelu):
    """The derivative of the approximation by tanh."""

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        t = torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
        slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
        return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


class GeluIgnoresG(Gelu):
    """Right where G is 1."""

    @staticmethod
    def backward(ctx, g):
        return Gelu.backward(ctx, torch.ones_like(g))
