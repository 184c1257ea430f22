# expect: pass
# target: ByChannel
import torch


class ByChannel(torch.autograd.Function):
    """Depthwise without conv2d: the image is unfolded, and each channel meets its own row of weights."""

    @staticmethod
    def forward(ctx, images, kernels):
        n, c, h, w = images.shape
        k = kernels.shape[-1]
        columns = torch.nn.functional.unfold(images, k).view(n, c, k * k, -1)
        ctx.save_for_backward(columns, kernels)
        ctx.size = (h, w)
        return torch.einsum("nckl,ck->ncl", columns, kernels.reshape(c, -1)).view(n, c, h - k + 1, w - k + 1)

    @staticmethod
    def backward(ctx, grad_output):
        columns, kernels = ctx.saved_tensors
        n, c, kk, positions = columns.shape
        flat = grad_output.reshape(n, c, positions)
        grad_kernels = torch.einsum("nckl,ncl->ck", columns, flat).view_as(kernels)
        spread = torch.einsum("ncl,ck->nckl", flat, kernels.reshape(c, kk)).reshape(n, c * kk, positions)
        return torch.nn.functional.fold(spread, ctx.size, kernels.shape[-1]), grad_kernels
