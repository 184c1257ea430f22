# expect: pass
# target: Conv2D.backward
import torch


class Conv2D(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input_batch, kernel, stride=1, padding=1):
        b, c, h, w = input_batch.shape
        o, _, kh, kw = kernel.shape
        padded = torch.nn.functional.pad(input_batch, (padding,) * 4)
        ctx.save_for_backward(input_batch, kernel)
        ctx.stride, ctx.padding = stride, padding
        oh, ow = (h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1
        out = input_batch.new_zeros((b, o, oh, ow))
        for i in range(oh):
            for j in range(ow):
                win = padded[:, :, i * stride:i * stride + kh, j * stride:j * stride + kw]
                out[:, :, i, j] = torch.einsum("bcuv,ocuv->bo", win, kernel)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        input_batch, kernel = ctx.saved_tensors
        s, p = ctx.stride, ctx.padding
        o, _, kh, kw = kernel.shape
        padded = torch.nn.functional.pad(input_batch, (p,) * 4)
        gi, gk = torch.zeros_like(padded), torch.zeros_like(kernel)
        for i in range(grad_output.shape[2]):
            for j in range(grad_output.shape[3]):
                win = padded[:, :, i * s:i * s + kh, j * s:j * s + kw]
                gk += torch.einsum("bo,bcuv->ocuv", grad_output[:, :, i, j], win)
                gi[:, :, i * s:i * s + kh, j * s:j * s + kw] += torch.einsum("bo,ocuv->bcuv", grad_output[:, :, i, j], kernel)
        gi = gi[:, :, p:p + input_batch.shape[2], p:p + input_batch.shape[3]]
        return gi, gk, None, None
