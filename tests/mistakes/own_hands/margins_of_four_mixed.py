# expect: rows-columns-mixed input
# target: Framed
import torch


def cut(canvas, top, left, size):
    """As many rows and columns as the image has, zeros where the canvas ends."""
    longer = torch.nn.functional.pad(canvas, (0, left + size[1], 0, top + size[0]))
    return longer[:, :, top : top + size[0], left : left + size[1]]


class Framed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, image, weight, padding, stride):
        """`padding` is (left, right, top, bottom), as torch.nn.functional.pad takes it."""
        canvas = torch.nn.functional.pad(image, padding)
        ctx.save_for_backward(canvas, weight)
        ctx.padding, ctx.stride, ctx.size = padding, stride, image.shape[2:]
        return torch.nn.functional.conv2d(canvas, weight, stride=stride)

    @staticmethod
    def backward(ctx, grad):
        canvas, weight = ctx.saved_tensors
        top, bottom, left, right = ctx.padding
        d_canvas, d_weight = torch.zeros_like(canvas), torch.zeros_like(weight)
        high, wide = grad.shape[2:]
        for down in range(weight.shape[2]):
            for along in range(weight.shape[3]):
                rows = slice(down, down + ctx.stride * (high - 1) + 1, ctx.stride)
                columns = slice(along, along + ctx.stride * (wide - 1) + 1, ctx.stride)
                d_weight[:, :, down, along] = torch.einsum("nohw,nchw->oc", grad, canvas[:, :, rows, columns])
                d_canvas[:, :, rows, columns] += torch.einsum("nohw,oc->nchw", grad, weight[:, :, down, along])
        return cut(d_canvas, top, left, ctx.size), d_weight, None, None
