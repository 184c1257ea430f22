# expect: pass
# target: upconv_backward
import numpy as np


def upconv(x, weight, bias, stride=1, padding=0, groups=1):
    """torch's conv_transpose2d by hand; weight (c_in, c_out / groups, kh, kw)."""
    n, c_in, h, w = x.shape
    kh, kw = weight.shape[2:]
    full = np.zeros((n, weight.shape[1] * groups, (h - 1) * stride + kh, (w - 1) * stride + kw))
    i, o = c_in // groups, weight.shape[1]
    for g in range(groups):
        for r in range(h):
            for c in range(w):
                stamp = np.einsum("ni,iouv->nouv", x[:, g * i : (g + 1) * i, r, c], weight[g * i : (g + 1) * i])
                full[:, g * o : (g + 1) * o, r * stride : r * stride + kh, c * stride : c * stride + kw] += stamp
    full += bias[None, :, None, None]
    return full[:, :, padding : full.shape[2] - padding, padding : full.shape[3] - padding]


def upconv_backward(gradient, x, weight, bias, stride=1, padding=0, groups=1):
    n, c_in, h, w = x.shape
    kh, kw = weight.shape[2:]
    wide = np.pad(gradient, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dx, dw = np.zeros_like(x), np.zeros_like(weight)
    i, o = c_in // groups, weight.shape[1]
    for g in range(groups):
        for r in range(h):
            for c in range(w):
                seen = wide[:, g * o : (g + 1) * o, r * stride : r * stride + kh, c * stride : c * stride + kw]
                dx[:, g * i : (g + 1) * i, r, c] = np.einsum("nouv,iouv->ni", seen, weight[g * i : (g + 1) * i])
                dw[g * i : (g + 1) * i] += np.einsum("ni,nouv->iouv", x[:, g * i : (g + 1) * i, r, c], seen)
    return dw, gradient.sum(axis=(0, 2, 3)), dx
