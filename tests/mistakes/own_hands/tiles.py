# expect: pass
# target: tile_backward
import numpy as np


def tile_forward(sheet, stamp, edge):
    """The sheet (n, c, h, w) is continued by its outermost values, `edge` of them on every side."""
    big = np.pad(sheet, ((0, 0), (0, 0), (edge, edge), (edge, edge)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(big, stamp.shape[2:], axis=(2, 3))
    return np.einsum("nchwuv,ocuv->nohw", views, stamp)


def tile_backward(d_out, sheet, stamp, edge):
    h, w = sheet.shape[2:]
    big = np.pad(sheet, ((0, 0), (0, 0), (edge, edge), (edge, edge)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(big, stamp.shape[2:], axis=(2, 3))
    d_stamp = np.einsum("nohw,nchwuv->ocuv", d_out, views)
    d_big = np.zeros_like(big)
    for u in range(stamp.shape[2]):
        for v in range(stamp.shape[3]):
            d_big[:, :, u : u + d_out.shape[2], v : v + d_out.shape[3]] += np.einsum(
                "nohw,oc->nchw", d_out, stamp[:, :, u, v]
            )
    if not edge:
        return d_big, d_stamp
    d_big[:, :, edge] += d_big[:, :, :edge].sum(axis=2)
    d_big[:, :, edge + h - 1] += d_big[:, :, edge + h :].sum(axis=2)
    d_rows = d_big[:, :, edge : edge + h]
    d_rows[:, :, :, edge] += d_rows[:, :, :, :edge].sum(axis=3)
    d_rows[:, :, :, edge + w - 1] += d_rows[:, :, :, edge + w :].sum(axis=3)
    return d_rows[:, :, :, edge : edge + w], d_stamp
