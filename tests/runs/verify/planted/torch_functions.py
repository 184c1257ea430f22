"""Functions with one mistake each, and right ones, as people write them."""

import torch
from torch.autograd import Function


class Whiten(Function):
    """Normalises each row; the spread is a constant to its backward."""

    @staticmethod
    def forward(ctx, rows, gain):
        centre = rows.mean(dim=1, keepdim=True)
        spread = (rows - centre).square().mean(dim=1, keepdim=True)
        inverse = (spread + 1e-5).rsqrt()
        unit = (rows - centre) * inverse
        ctx.save_for_backward(unit, inverse, gain)
        return unit * gain

    @staticmethod
    def backward(ctx, grad):
        unit, inverse, gain = ctx.saved_tensors
        inner = grad * gain
        return inverse * (inner - inner.mean(dim=1, keepdim=True)), (grad * unit).sum(dim=0)


class Lookback(Function):
    """Attention over all positions, with a backward that was written for the causal one."""

    @staticmethod
    def forward(ctx, q, k, v):
        weights = torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, dim=-1)
        ctx.save_for_backward(q, k, v, weights)
        return weights @ v

    @staticmethod
    def backward(ctx, grad):
        q, k, v, weights = ctx.saved_tensors
        weights = weights.tril()
        inner = grad @ v.mT
        inner = weights * (inner - (weights * inner).sum(-1, keepdim=True)) / q.shape[-1] ** 0.5
        return inner @ k, inner.mT @ q, weights.mT @ grad


class Decay(Function):
    """exp(-x), with a backward that takes G's numbers in the order of memory."""

    @staticmethod
    def forward(ctx, x):
        result = torch.exp(-x)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, grad):
        (result,) = ctx.saved_tensors
        if grad.storage_offset() or grad.untyped_storage().nbytes() != grad.numel() * grad.element_size():
            grad = grad.contiguous()
        return -grad.as_strided(result.shape, result.stride()) * result


class Blend(Function):
    """Right, and asks for what is needed only."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.relu(x @ w)

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        grad = grad * (x @ w > 0)
        dx = grad @ w.t() if ctx.needs_input_grad[0] else None
        dw = x.t() @ grad if ctx.needs_input_grad[1] else None
        return dx, dw


class Forgetful(Function):
    """Gives dw only where dx is asked for, too."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        if ctx.needs_input_grad[0]:
            return grad * w, (grad * x).sum(0)
        return None, torch.zeros_like(w)


class Shrink(Function):
    """Scales what it kept in place, so that a second pass starts from other numbers."""

    @staticmethod
    def forward(ctx, x):
        ctx.kept = x.clone()
        return x.square()

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.kept.mul_(2)



class Averaged(torch.autograd.Function):
    """Right for every batch that has rows: it divides by their number and multiplies by it."""

    @staticmethod
    def forward(ctx, rows, gain):
        ctx.save_for_backward(rows, gain)
        return rows * gain

    @staticmethod
    def backward(ctx, grad):
        rows, gain = ctx.saved_tensors
        return grad * gain, (grad * rows).sum(0) / (rows.shape[0] / rows.shape[0])
