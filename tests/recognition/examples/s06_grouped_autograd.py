import torch
from torch import nn
from torch.nn import grad as nngrad
import torch.nn.functional as F


class GroupedConvFn(torch.autograd.Function):
    """conv2d where every group is handled by its own call (we have no grouped kernel on the accelerator)."""

    @staticmethod
    def forward(ctx, x, w, b, stride, padding, groups):
        ctx.save_for_backward(x, w)
        ctx.stride, ctx.padding, ctx.groups = stride, padding, groups
        xs = x.chunk(groups, dim=1)
        ws = w.chunk(groups, dim=0)
        y = torch.cat([F.conv2d(xi, wi, None, stride, padding) for xi, wi in zip(xs, ws)], dim=1)
        return y + b.reshape(1, -1, 1, 1)

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        G = ctx.groups
        cin = x.shape[1] // G
        cout = w.shape[0] // G
        dx = torch.zeros_like(x)
        dw = torch.zeros_like(w)
        for g in range(G):
            xi = x[:, g * cin:(g + 1) * cin]
            wi = w[g * cout:(g + 1) * cout]
            gi = dy[:, g * cin:g * cin + cout].contiguous()
            dx[:, g * cin:(g + 1) * cin] = nngrad.conv2d_input(xi.shape, wi, gi, ctx.stride, ctx.padding)
            dw[g * cout:(g + 1) * cout] = nngrad.conv2d_weight(xi, wi.shape, gi, ctx.stride, ctx.padding)
        return dx, dw, dy.sum(dim=(0, 2, 3)), None, None, None


class GroupedConv(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, groups=1):
        super().__init__()
        assert in_channels % groups == 0 and out_channels % groups == 0
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        nn.init.kaiming_uniform_(self.weight, a=5 ** 0.5)
        self.stride, self.padding, self.groups = stride, padding, groups

    def forward(self, x):
        return GroupedConvFn.apply(x, self.weight, self.bias, self.stride, self.padding, self.groups)
