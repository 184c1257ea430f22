import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn.modules.utils import _pair


class UnfoldConv2dFunction(Function):
    @staticmethod
    def forward(ctx, input, weight, bias=None, stride=1, padding=0, dilation=1):
        stride, padding, dilation = _pair(stride), _pair(padding), _pair(dilation)
        out_c, in_c, kh, kw = weight.shape
        n, _, h, w = input.shape
        oh = (h + 2 * padding[0] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
        ow = (w + 2 * padding[1] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
        cols = F.unfold(input, (kh, kw), dilation=dilation, padding=padding, stride=stride)
        out = torch.matmul(weight.view(out_c, -1), cols)
        if bias is not None:
            out = out + bias.view(1, -1, 1)
        ctx.save_for_backward(cols, weight)
        ctx.has_bias = bias is not None
        ctx.conf = (h, w, stride, padding, dilation)
        return out.view(n, out_c, oh, ow)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        cols, weight = ctx.saved_tensors
        h, w, stride, padding, dilation = ctx.conf
        grad_input = grad_weight = grad_bias = None
        g = grad_output.flatten(2)
        if ctx.needs_input_grad[0]:
            gcols = torch.matmul(weight.view(weight.size(0), -1).t(), g)
            grad_input = F.fold(gcols, (h, w), weight.shape[2:], dilation=dilation, padding=padding, stride=stride)
        if ctx.needs_input_grad[1]:
            grad_weight = torch.einsum('nol,nkl->ok', g, cols).view_as(weight)
        if ctx.has_bias and ctx.needs_input_grad[2]:
            grad_bias = g.sum((0, 2))
        return grad_input, grad_weight, grad_bias, None, None, None


class UnfoldConv2d(nn.Conv2d):
    def forward(self, x):
        return UnfoldConv2dFunction.apply(x, self.weight, self.bias, self.stride, self.padding, self.dilation)
