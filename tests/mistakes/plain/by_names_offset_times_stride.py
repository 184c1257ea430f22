# expect: offset-times-stride weight
# target: conv2d_grad
import numpy as np


def conv2d_grad(inp, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    n, c_in, h, w = inp.shape
    c_out, cg, kh, kw = weight.shape
    _, _, oh, ow = grad_output.shape
    per = c_out // groups
    padded = np.pad(inp, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    gi, gw = np.zeros_like(padded), np.zeros_like(weight)
    roomy = np.pad(padded, ((0, 0), (0, 0), (0, kh * stride + oh * dilation), (0, kw * stride + ow * dilation)))
    for o in range(c_out):
        first = (o // per) * cg
        for c in range(cg):
            for u in range(kh):
                for v in range(kw):
                    rows = slice(u * dilation, u * dilation + stride * (oh - 1) + 1, stride)
                    cols = slice(v * dilation, v * dilation + stride * (ow - 1) + 1, stride)
                    top, left = u * stride, v * stride
                    moved = roomy[:, first + c, top:top + dilation * (oh - 1) + 1:dilation, left:left + dilation * (ow - 1) + 1:dilation]
                    gw[o, c, u, v] = (moved * grad_output[:, o]).sum()
                    gi[:, first + c, rows, cols] += weight[o, c, u, v] * grad_output[:, o]
    gi = gi[:, :, padding:padding + h, padding:padding + w]
    return gi, gw, grad_output.sum(axis=(0, 2, 3))
