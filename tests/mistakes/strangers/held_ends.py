# expect: pass
# target: HeldEnds
import torch
import torch.nn.functional as F


class HeldEnds(torch.autograd.Function):
    """A signal whose first and last values are held beyond its ends, filtered."""

    @staticmethod
    def forward(ctx, signal, weight, bias, margin):
        held = F.pad(signal, (margin, margin), mode="replicate")
        ctx.save_for_backward(held, weight)
        ctx.margin = margin
        return F.conv1d(held, weight, bias)

    @staticmethod
    def backward(ctx, grad):
        held, weight = ctx.saved_tensors
        m, taps = ctx.margin, weight.shape[2]
        views = held.unfold(2, taps, 1)
        grad_weight = torch.einsum("not,nitk->oik", grad, views)
        grad_held = F.conv_transpose1d(grad, weight)
        grad_signal = grad_held[:, :, m : grad_held.shape[2] - m].clone()
        grad_signal[:, :, 0] += grad_held[:, :, :m].sum(2)
        grad_signal[:, :, -1] += grad_held[:, :, grad_held.shape[2] - m :].sum(2)
        return grad_signal, grad_weight, grad.sum((0, 2)), None
