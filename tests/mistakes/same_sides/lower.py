# expect: pass
# target: Lower
import torch
import torch.nn.functional as F


class Lower(torch.autograd.Function):
    """SAME_LOWER at stride 1: of an odd number of zeros, the odd one stands in front."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        rows, columns = weight.shape[2:]
        ctx.sides = columns // 2, (columns - 1) // 2, rows // 2, (rows - 1) // 2
        framed = F.pad(x, ctx.sides)
        ctx.save_for_backward(framed, weight)
        return F.conv2d(framed, weight, bias)

    @staticmethod
    def backward(ctx, grad):
        framed, weight = ctx.saved_tensors
        grad_weight = F.conv2d(framed.transpose(0, 1), grad.transpose(0, 1)).transpose(0, 1)
        left, right, top, bottom = ctx.sides
        grad_framed = F.conv_transpose2d(grad, weight)
        grad_x = grad_framed[:, :, top : grad_framed.shape[2] - bottom, left : grad_framed.shape[3] - right]
        return grad_x, grad_weight, grad.sum((0, 2, 3))
