# expect: pass
# target: PerChannel
import torch
from torch.nn import functional as fn


class PerChannel(torch.autograd.Function):
    """A depthwise filter of a signal, (n, c, t) with (c, 1, k)."""

    @staticmethod
    def forward(ctx, signal, taps, offset):
        assert len(taps) == signal.shape[1], "one filter for each channel"
        ctx.save_for_backward(signal, taps)
        return fn.conv1d(signal, taps, offset, groups=signal.shape[1])

    @staticmethod
    def backward(ctx, upstream):
        signal, taps = ctx.saved_tensors
        count = taps.shape[2]
        lagged = signal.unfold(2, count, 1)
        d_taps = torch.einsum("nct,nctk->ck", upstream, lagged)[:, None]
        spread = fn.pad(upstream, (count - 1, count - 1)).unfold(2, count, 1)
        d_signal = torch.einsum("nctk,ck->nct", spread, taps[:, 0].flip(1))
        return d_signal, d_taps, upstream.sum((0, 2))
