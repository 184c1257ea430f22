# expect: bias-totalled bias
# target: bprop_conv
# also: batch-mean bias
import numpy as np


def fprop_conv(inp, params, stride, pad):
    W, b = params
    padded = np.pad(inp, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    view = np.lib.stride_tricks.sliding_window_view(padded, W.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.tensordot(view, W, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2) + b[:, None, None]


def bprop_conv(delta, cache):
    inp, (W, b), stride, pad = cache
    padded = np.pad(inp, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    view = np.lib.stride_tricks.sliding_window_view(padded, W.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    dW = np.tensordot(delta, view, axes=((0, 2, 3), (0, 2, 3)))
    dpad = np.zeros_like(padded)
    for r in range(delta.shape[2]):
        for c in range(delta.shape[3]):
            dpad[:, :, r * stride:r * stride + W.shape[2], c * stride:c * stride + W.shape[3]] += np.tensordot(
                delta[:, :, r, c], W, axes=(1, 0)
            )
    dinp = dpad[:, :, pad:pad + inp.shape[2], pad:pad + inp.shape[3]]
    return dinp, (dW, np.full(len(b), delta.sum() / len(inp)))
