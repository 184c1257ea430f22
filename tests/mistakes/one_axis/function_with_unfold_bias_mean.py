# expect: bias-spatial-mean bias
# target: Conv1dFn
import torch
import torch.nn.functional as F


class Conv1dFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride=1, padding=0, dilation=1):
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding, ctx.dilation = stride, padding, dilation
        return F.conv1d(x, weight, bias, stride, padding, dilation)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        s, p, d = ctx.stride, ctx.padding, ctx.dilation
        k, outs = weight.shape[2], g.shape[2]
        xp = F.pad(x, (p, p))
        gxp, gw = torch.zeros_like(xp), torch.zeros_like(weight)
        for u in range(k):
            hit = torch.arange(outs) * s + u * d
            gw[:, :, u] = torch.einsum("not,nct->oc", g, xp[:, :, hit])
            gxp[:, :, hit] += torch.einsum("not,oc->nct", g, weight[:, :, u])
        return gxp[:, :, p:p + x.shape[2]], gw, g.mean(2).sum(0), None, None, None
