# expect: pass
# target: conv1d_vjp
import numpy as np


def conv1d_vjp(signal, taps, upstream, stride=1, padding=0, dilation=1):
    """One tap at a time: the samples that it meets are a strided slice."""
    length = signal.shape[2]
    framed = np.pad(signal, [(0, 0), (0, 0), (padding, padding)])
    count = upstream.shape[2]
    d_taps = np.empty_like(taps)
    d_framed = np.zeros_like(framed)
    for u in range(taps.shape[2]):
        met = slice(u * dilation, u * dilation + stride * (count - 1) + 1, stride)
        d_taps[:, :, u] = np.tensordot(upstream, framed[:, :, met], axes=([0, 2], [0, 2]))
        d_framed[:, :, met] += np.einsum("ot,not->nt" if taps.ndim == 2 else "oc,not->nct", taps[:, :, u], upstream)
    return d_framed[:, :, padding:padding + length], d_taps
