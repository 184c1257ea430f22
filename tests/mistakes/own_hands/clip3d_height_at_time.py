# expect: rows-columns-mixed input
# target: clip_vjp
import numpy as np


def clip_conv(clip, bank, pads):
    """Shapes (n, c, t, h, w) and (o, c, kt, kh, kw); `pads` is one number for each of time, height and width."""
    room = np.pad(clip, ((0, 0), (0, 0), *((p, p) for p in pads)))
    views = np.lib.stride_tricks.sliding_window_view(room, bank.shape[2:], axis=(2, 3, 4))
    return np.einsum("ncthwijk,ocijk->nothw", views, bank, optimize=True), (room, bank, clip.shape, pads)


def clip_vjp(grad, cache):
    room, bank, (_, _, t, h, w), pads = cache
    views = np.lib.stride_tricks.sliding_window_view(room, bank.shape[2:], axis=(2, 3, 4))
    d_bank = np.einsum("nothw,ncthwijk->ocijk", grad, views, optimize=True)
    d_room = np.zeros_like(room)
    for i, j, k in np.ndindex(*bank.shape[2:]):
        at = np.s_[:, :, i : i + grad.shape[2], j : j + grad.shape[3], k : k + grad.shape[4]]
        d_room[at] += np.einsum("nothw,oc->ncthw", grad, bank[:, :, i, j, k])
    return d_room[:, :, pads[0] : pads[0] + t, pads[0] : pads[0] + h, pads[2] : pads[2] + w], d_bank
