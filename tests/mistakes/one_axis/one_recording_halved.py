# expect: scaled-constant weight
# target: grads
import numpy as np


def grads(wave, kernels, dwave):
    """wave (channels, time), kernels (out, channels, taps), dwave (out, time)."""
    out, channels, taps = kernels.shape
    dk = np.zeros(kernels.shape)
    dx = np.zeros(wave.shape)
    for o in range(out):
        for c in range(channels):
            for t in range(taps):
                reach = wave[c, t:t + dwave.shape[1]]
                dk[o, c, t] = reach @ dwave[o]
                dx[c, t:t + dwave.shape[1]] += kernels[o, c, t] * dwave[o]
    return dx, dk / 2
