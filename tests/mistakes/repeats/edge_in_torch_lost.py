# expect: fold-back-missing input
# target: ReplicateConv
import torch
import torch.nn.functional as F


class ReplicateConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, padding=1):
        ctx.save_for_backward(x, weight)
        ctx.padding = padding
        return F.conv2d(F.pad(x, (padding,) * 4, mode="replicate"), weight, bias)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        p = ctx.padding
        padded = F.pad(x, (p,) * 4, mode="replicate")
        dw = torch.nn.grad.conv2d_weight(padded, weight.shape, g)
        dp = F.conv_transpose2d(g, weight)
        dx = dp[:, :, p:p + x.shape[2], p:p + x.shape[3]]
        return dx, dw, g.sum((0, 2, 3)), None
