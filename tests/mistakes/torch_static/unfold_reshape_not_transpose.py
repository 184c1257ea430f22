# expect: reshape-not-transpose weight
# target: FastConv.backward
import torch
import torch.nn.functional as F


class FastConv:
    @staticmethod
    def backward(dout, cache):
        x, w, b, conv_param = cache
        p, s = conv_param["pad"], conv_param["stride"]
        f, c, kh, kw = w.shape
        cols = F.unfold(x, (kh, kw), padding=p, stride=s)
        g = dout.reshape(dout.shape[0], f, -1)
        dw = torch.einsum("nfl,nkl->kf", g, cols).reshape(w.shape)
        dx = F.fold(w.reshape(f, -1).t() @ g, x.shape[2:], (kh, kw), padding=p, stride=s)
        return dx, dw, g.sum(dim=(0, 2))
