# expect: pass
# target: Strided
"""The gradient of the input by conv_transpose2d, with what no window reaches handed over as output_padding."""

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
        rest = [(size + 2 * margin - tap) % step for size, tap in zip(signal.shape[2:], taps.shape[2:])]
        to_signal = functional.conv_transpose2d(up, taps, None, step, margin, rest)
        to_taps = torch.nn.grad.conv2d_weight(signal, taps.shape, up, step, margin)
        return to_signal, to_taps, None, None
