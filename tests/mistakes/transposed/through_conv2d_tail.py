# expect: output-padding-ignored bias
# target: UpFunction
import torch
import torch.nn.functional as F


class UpFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride=1, padding=0, output_padding=0):
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv_transpose2d(x, weight, bias, stride, padding, output_padding)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        old = [ctx.stride * (size - 1) + k - 2 * ctx.padding for size, k in zip(x.shape[2:], weight.shape[2:])]
        dx = F.conv2d(g, weight, stride=ctx.stride, padding=ctx.padding)
        dx = dx[:, :, :x.shape[2], :x.shape[3]]
        n, rows, columns = len(x), *weight.shape[2:]
        windows = F.unfold(g, (rows, columns), padding=ctx.padding, stride=ctx.stride)
        across = (g.shape[3] + 2 * ctx.padding - columns) // ctx.stride + 1
        windows = windows.view(n, g.shape[1], rows, columns, -1, across)[..., :x.shape[2], :x.shape[3]]
        dw = torch.einsum("nihw,nouvhw->iouv", x, windows)
        return dx, dw, g[:, :, :old[0], :old[1]].sum((0, 2, 3)), None, None, None
