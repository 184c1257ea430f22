"""jax-like: y, vjp = conv_vjp(x, w, b);  dx, dw, db = vjp(dy)     (torch tensors, NHWC / HWIO, autograd not used)"""
from functools import partial
import torch


def _shift(t, i, j, oh, ow, s):
    return t[:, i:i + (oh - 1) * s + 1:s, j:j + (ow - 1) * s + 1:s]


def _bwd(res, dy):
    xp, w, crop, s, has_b = res
    kh, kw, ci, co = w.shape
    n, oh, ow, _ = dy.shape
    dw = torch.stack([
        torch.tensordot(_shift(xp, i, j, oh, ow, s), dy, dims=([0, 1, 2], [0, 1, 2]))
        for i in range(kh) for j in range(kw)
    ]).reshape(kh, kw, ci, co)
    dxp = torch.zeros_like(xp)
    for i in range(kh):
        for j in range(kw):
            _shift(dxp, i, j, oh, ow, s).add_(dy @ w[i, j].t())
    top, h, left, wd = crop
    dx = dxp.narrow(1, top, h).narrow(2, left, wd)
    return (dx, dw, dy.sum((0, 1, 2))) if has_b else (dx, dw)


def conv_vjp(x, w, b=None, *, stride=1, padding='VALID'):
    """padding: 'VALID', or ((top, bottom), (left, right))"""
    n, h, wd, ci = x.shape
    kh, kw, _, co = w.shape
    (t, bo), (l, r) = ((0, 0), (0, 0)) if padding == 'VALID' else padding
    xp = torch.nn.functional.pad(x, (0, 0, l, r, t, bo))
    oh = (h + t + bo - kh) // stride + 1
    ow = (wd + l + r - kw) // stride + 1
    y = torch.zeros(n, oh, ow, co, dtype=x.dtype)
    for i in range(kh):
        for j in range(kw):
            y += _shift(xp, i, j, oh, ow, stride) @ w[i, j]
    if b is not None:
        y += b
    return y, partial(_bwd, (xp, w, (t, h, l, wd), stride, b is not None))
