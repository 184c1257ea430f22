# expect: upstream-rotated weight
# target: MyConv2d
import torch
from torch.autograd import Function
from torch.nn import functional as F


class MyConv2d(Function):
    @staticmethod
    def forward(ctx, inputs, kernels):
        ctx.save_for_backward(inputs, kernels)
        return F.conv2d(inputs, kernels)

    @staticmethod
    def backward(ctx, dout):
        inputs, kernels = ctx.saved_tensors
        d_in = F.conv_transpose2d(dout, kernels)
        d_k = F.conv2d(inputs.transpose(0, 1), dout.transpose(0, 1).flip(2, 3)).transpose(0, 1)
        return d_in, d_k
