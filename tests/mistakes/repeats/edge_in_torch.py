# expect: pass
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
        dp = torch.cat([dp[:, :, :p + 1].sum(2, True), dp[:, :, p + 1:-p - 1], dp[:, :, -p - 1:].sum(2, True)], 2)
        dx = torch.cat([dp[..., :p + 1].sum(3, True), dp[..., p + 1:-p - 1], dp[..., -p - 1:].sum(3, True)], 3)
        return dx, dw, g.sum((0, 2, 3)), None
