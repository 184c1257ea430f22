# expect: bias-totalled bias
# target: GrownVolume
import torch


class GrownVolume(torch.autograd.Function):
    """A transposed convolution of a volume, added up tap by tap."""

    @staticmethod
    def forward(ctx, x, weight, bias, stride):
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        size = [(side - 1) * stride + taps for side, taps in zip(x.shape[2:], weight.shape[2:])]
        out = x.new_zeros(x.shape[0], weight.shape[1], *size)
        for at, tap in GrownVolume.taps(weight, x.shape, stride):
            out[at] += torch.einsum("ncdhw,co->nodhw", x, tap)
        return out + bias.view(-1, 1, 1, 1)

    @staticmethod
    def taps(weight, shape, stride):
        for where in torch.cartesian_prod(*(torch.arange(side) for side in weight.shape[2:])).view(-1, 3).tolist():
            ranges = [slice(tap, tap + stride * (side - 1) + 1, stride) for tap, side in zip(where, shape[2:])]
            yield (slice(None), slice(None), *ranges), weight[(slice(None), slice(None), *where)]

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        d_x, parts = torch.zeros_like(x), []
        for at, tap in GrownVolume.taps(weight, x.shape, ctx.stride):
            d_x += torch.einsum("nodhw,co->ncdhw", grad[at], tap)
            parts.append(torch.einsum("ncdhw,nodhw->co", x, grad[at]))
        d_weight = torch.stack(parts, -1).view(weight.shape)
        return d_x, d_weight, grad.sum().expand(weight.shape[1]), None
