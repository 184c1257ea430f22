# expect: remainder-dropped input
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
        dw = torch.einsum("nfl,nkl->fk", g, cols).reshape(w.shape)
        dx = F.conv_transpose2d(dout, w, stride=s, padding=p)
        return dx, dw, g.sum(dim=(0, 2))
