# expect: partial-output weight
# target: conv1d_backward
import numpy as np


def conv1d_backward(signal, taps, grad):
    """One recording: signal (time, channels), taps (k, channels, filters), grad (time', filters)."""
    moved, back = np.zeros_like(taps), np.zeros_like(signal)
    for t, row in enumerate(grad):
        if t + 1 < len(grad):
            moved += signal[t : t + len(taps)][:, :, None] * row
        back[t : t + len(taps)] += taps @ row
    return back, moved, grad.sum(axis=0)
