# expect: input-grad-kernel-unrotated input
# target: conv1d_backward
import numpy as np


def conv1d_backward(signal, taps, grad):
    """One recording: signal (time, channels), taps (k, channels, filters), grad (time', filters)."""
    moved, back = np.zeros_like(taps), np.zeros_like(signal)
    for t, row in enumerate(grad):
        moved += signal[t : t + len(taps)][:, :, None] * row
        back[t : t + len(taps)] += taps[::-1] @ row
    return back, moved, grad.sum(axis=0)
