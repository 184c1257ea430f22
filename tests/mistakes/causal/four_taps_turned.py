# expect: input-grad-kernel-unrotated input
# target: CausalDepthwise
import torch


class CausalDepthwise(torch.autograd.Function):
    """As in state-space models: (batch, dim, length), one filter of a few taps for each channel."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        taps = weight.shape[-1]
        ctx.save_for_backward(x, weight)
        padded = torch.nn.functional.pad(x, (taps - 1, 0))
        return torch.nn.functional.conv1d(padded, weight, bias, groups=weight.shape[0])

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        taps, length = weight.shape[-1], x.shape[-1]
        padded = torch.nn.functional.pad(x, (taps - 1, 0))
        later = torch.nn.functional.pad(grad, (0, taps - 1))
        dw = torch.stack([(padded[..., j:j + length] * grad).sum((0, 2)) for j in range(taps)], dim=-1)
        dx = sum(later[..., j:j + length] * weight[:, :, j] for j in range(taps))
        return dx, dw[:, None], grad.sum((0, 2))
