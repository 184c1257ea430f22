# expect: offset-times-stride weight
# target: FastConv.backward
import torch
import torch.nn.functional as F


class FastConv:
    @staticmethod
    def backward(dout, cache):
        x, w, b, conv_param = cache
        p, s = conv_param["pad"], conv_param["stride"]
        f, c, kh, kw = w.shape
        swapped = F.pad(x, (p, p, p, p)).transpose(0, 1)
        g = dout.reshape(dout.shape[0], f, -1)
        dw = F.conv2d(swapped, dout.transpose(0, 1), stride=s).transpose(0, 1)
        dx = F.fold(w.reshape(f, -1).t() @ g, x.shape[2:], (kh, kw), padding=p, stride=s)
        return dx, dw, g.sum(dim=(0, 2))
