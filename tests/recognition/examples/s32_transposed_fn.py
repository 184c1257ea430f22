import torch
from torch.autograd import Function
import torch.nn.functional as F


class MyConv2d(Function):

    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding):
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        ctx.padding = padding
        return F.conv2d(x, weight, bias, stride=stride, padding=padding)

    @staticmethod
    def backward(ctx, grad_out):
        x, weight = ctx.saved_tensors
        s, p = ctx.stride, ctx.padding
        grad_x = grad_w = grad_b = None
        if ctx.needs_input_grad[0]:
            grad_x = F.conv_transpose2d(grad_out, weight, stride=s, padding=p)
        if ctx.needs_input_grad[1]:
            # batch becomes the channel dimension, stride becomes dilation
            grad_w = F.conv2d(x.transpose(0, 1), grad_out.transpose(0, 1), padding=p, dilation=s)
            grad_w = grad_w.transpose(0, 1)[:, :, :weight.shape[2], :weight.shape[3]]
        if ctx.needs_input_grad[2]:
            grad_b = grad_out.sum((0, 2, 3))
        return grad_x, grad_w, grad_b, None, None


conv = MyConv2d.apply
