# expect: dilation-ignored input
# target: causal_backward
import numpy as np


def causal_backward(grad_out, x, weight, dilation=1):
    """(batch, channel, time): output t sees x[t], x[t - dilation], ... and nothing later."""
    reach = dilation * (weight.shape[2] - 1)
    past = np.concatenate([np.zeros(x.shape[:2] + (reach,)), x], axis=2)
    time = x.shape[2]
    d_past, d_weight = np.zeros_like(past), np.zeros_like(weight)
    for k in range(weight.shape[2]):
        seen = slice(k * dilation, k * dilation + time)
        d_weight[:, :, k] = np.einsum("bot,bit->oi", grad_out, past[:, :, seen])
        d_past[:, :, k + reach - k * 0 - dilation * 0 - reach + 0:][:, :, :time] += np.einsum("bot,oi->bit", grad_out, weight[:, :, k])
    return d_past[:, :, reach:], d_weight
