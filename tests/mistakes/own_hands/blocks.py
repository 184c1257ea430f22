# expect: pass
# target: BlockConv
import torch
import torch.nn.functional as F


class BlockConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, groups):
        n, (o, c, u, v) = len(x), weight.shape
        patches = F.unfold(x, (u, v)).reshape(n, groups, c * u * v, -1)
        ctx.save_for_backward(patches, weight)
        ctx.groups, ctx.size = groups, x.shape
        y = torch.einsum("gok,ngkl->ngol", weight.reshape(groups, o // groups, -1), patches)
        return y.reshape(n, o, x.shape[2] - u + 1, x.shape[3] - v + 1)

    @staticmethod
    def backward(ctx, dy):
        patches, weight = ctx.saved_tensors
        (n, c_in, h, w), groups = ctx.size, ctx.groups
        d = dy.reshape(n, groups, weight.shape[0] // groups, -1)
        dw = torch.einsum("ngol,ngkl->gok", d, patches).reshape(weight.shape)
        dp = torch.einsum("gok,ngol->ngkl", weight.reshape(groups, weight.shape[0] // groups, -1), d)
        return F.fold(dp.reshape(n, -1, dp.shape[-1]), (h, w), weight.shape[2:]), dw, None
