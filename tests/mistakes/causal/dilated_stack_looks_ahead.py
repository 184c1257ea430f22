# expect: future-leak weight
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
        ahead = np.concatenate([x, np.zeros(x.shape[:2] + (reach,))], axis=2)
        d_weight[:, :, k] = np.einsum("bot,bit->oi", grad_out, ahead[:, :, seen])
        d_past[:, :, seen] += np.einsum("bot,oi->bit", grad_out, weight[:, :, k])
    return d_past[:, :, reach:], d_weight
