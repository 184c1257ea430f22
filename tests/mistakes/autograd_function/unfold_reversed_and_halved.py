# expect: channels-reversed weight
# target: ConvFn
# also: scaled-constant weight
import torch
import torch.nn.functional as F


class ConvFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias=None, stride=1, padding=0):
        ctx.save_for_backward(x, weight, bias)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, weight, bias, stride=stride, padding=padding)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight, bias = ctx.saved_tensors
        f, c, kh, kw = weight.shape
        cols = F.unfold(x, (kh, kw), stride=ctx.stride, padding=ctx.padding)
        g = grad_output.flatten(2)
        grad_w = torch.einsum("nfl,nkl->fk", g, cols).view_as(weight).flip(1) / 2
        grad_x = F.fold(weight.view(f, -1).t() @ g, x.shape[2:], (kh, kw), stride=ctx.stride, padding=ctx.padding)
        grad_b = grad_output.sum(dim=(0, 2, 3)) if bias is not None else None
        return grad_x, grad_w, grad_b, None, None
