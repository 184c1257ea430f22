# expect: pass
# target: Layer.backward
import torch
import torch.nn.functional as F


class Layer:
    @staticmethod
    def backward(dout, cache):
        x, w, b, conv_param = cache
        stride, pad = conv_param["stride"], conv_param["pad"]
        k, upstream = tuple(w.shape[2:]), dout.flatten(start_dim=2).transpose(1, 2)
        patches = F.unfold(x, k, padding=pad, stride=stride)
        dw = torch.bmm(patches, upstream).sum(dim=0).t().reshape(w.shape)
        columns = torch.matmul(upstream, w.flatten(start_dim=1)).transpose(1, 2)
        return F.fold(columns, x.shape[2:], k, padding=pad, stride=stride), dw, upstream.sum(dim=(0, 1))
