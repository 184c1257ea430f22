# expect: pass
# target: group_conv_grad
import numpy as np


def group_conv(x, w, b, stride, pad, groups):
    xs = np.split(np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)]), groups, axis=1)
    outs = []
    for part, kernel in zip(xs, np.split(w, groups)):
        view = np.lib.stride_tricks.sliding_window_view(part, kernel.shape[2:], (2, 3))[:, :, ::stride, ::stride]
        outs.append(np.einsum("nchwuv,ocuv->nohw", view, kernel))
    return np.concatenate(outs, axis=1) + b[:, None, None]


def group_conv_grad(dout, x, w, b, stride, pad, groups):
    """Each group by itself; the parts are put together again at the end."""
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    d_parts, dw_parts = [], []
    pieces = zip(np.split(padded, groups, axis=1), np.split(w, groups), np.split(dout, groups, axis=1))
    for part, kernel, d in pieces:
        kh, kw = kernel.shape[2:]
        view = np.lib.stride_tricks.sliding_window_view(part, (kh, kw), (2, 3))[:, :, ::stride, ::stride]
        dw_parts.append(np.einsum("nchwuv,nohw->ocuv", view, d))
        dx = np.zeros_like(part)
        for u in range(kh):
            for v in range(kw):
                rows = slice(u, u + stride * (d.shape[2] - 1) + 1, stride)
                cols = slice(v, v + stride * (d.shape[3] - 1) + 1, stride)
                dx[:, :, rows, cols] += np.einsum("nohw,oc->nchw", d, kernel[:, :, u, v])
        d_parts.append(dx)
    dx = np.concatenate(d_parts, axis=1)[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
    return dx, np.concatenate(dw_parts), dout.sum((0, 2, 3))
