# expect: remainder-dropped input
# target: Strided
"""The gradient of the input by conv_transpose2d; zeros fill what is missing."""

import torch
from torch.nn import functional


class Strided(torch.autograd.Function):
    @staticmethod
    def forward(ctx, signal, taps, step, margin):
        ctx.save_for_backward(signal, taps)
        ctx.step, ctx.margin = step, margin
        return functional.conv2d(signal, taps, None, step, margin)

    @staticmethod
    def backward(ctx, up):
        signal, taps = ctx.saved_tensors
        step, margin = ctx.step, ctx.margin
        to_signal = functional.conv_transpose2d(up, taps, None, step, margin)
        missing = [size - made for size, made in zip(signal.shape[2:], to_signal.shape[2:])]
        to_signal = functional.pad(to_signal, (0, missing[1], 0, missing[0]))
        to_taps = torch.nn.grad.conv2d_weight(signal, taps.shape, up, step, margin)
        return to_signal, to_taps, None, None
