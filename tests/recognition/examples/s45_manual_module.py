import math
import torch
from torch import nn


class ManualConv2d(nn.Module):
    """nn.Module that does its own backward (call .backward(grad) by hand; autograd is off)."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size=3, stride: int = 1, padding: int = 0, bias: bool = True):
        super().__init__()
        k = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
        self.kernel_size = k
        self.stride = stride
        self.padding = padding
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, *k))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self):
        bound = 1 / math.sqrt(self.weight[0].numel())
        nn.init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    def _patches(self, xp):
        kh, kw = self.kernel_size
        return xp.unfold(2, kh, self.stride).unfold(3, kw, self.stride)   # N C OH OW kh kw

    @torch.no_grad()
    def forward(self, x):
        p = self.padding
        xp = x.new_zeros(x.shape[0], x.shape[1], x.shape[2] + 2 * p, x.shape[3] + 2 * p)
        xp[:, :, p:p + x.shape[2], p:p + x.shape[3]] = x
        self.saved = xp
        y = torch.einsum('nchwij,ocij->nohw', self._patches(xp), self.weight)
        if self.bias is not None:
            y += self.bias.view(-1, 1, 1)
        return y

    @torch.no_grad()
    def backward(self, grad_output):
        xp, p, s = self.saved, self.padding, self.stride
        kh, kw = self.kernel_size
        gw = torch.einsum('nohw,nchwij->ocij', grad_output, self._patches(xp))
        self.weight.grad = gw if self.weight.grad is None else self.weight.grad + gw
        if self.bias is not None:
            gb = grad_output.sum(dim=[0, 2, 3])
            self.bias.grad = gb if self.bias.grad is None else self.bias.grad + gb
        gxp = torch.zeros_like(xp)
        oh, ow = grad_output.shape[-2:]
        for i in range(kh):
            for j in range(kw):
                gxp[:, :, i:i + oh * s:s, j:j + ow * s:s] += torch.einsum('nohw,oc->nchw', grad_output, self.weight[:, :, i, j])
        return gxp[:, :, p:gxp.shape[2] - p, p:gxp.shape[3] - p]
