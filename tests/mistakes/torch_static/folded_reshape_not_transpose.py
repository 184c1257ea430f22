# expect: reshape-not-transpose input
# target: Layer.backward
import torch
import torch.nn.functional as F


class Layer:
    @staticmethod
    def backward(dout, cache):
        x, w, b, conv_param = cache
        geometry = {"kernel_size": tuple(w.shape[2:]), "padding": conv_param["pad"], "stride": conv_param["stride"]}
        images, filters = dout.shape[:2]
        g = dout.view(images, filters, -1)
        dw = torch.einsum("bol,bkl->ok", g, F.unfold(x, **geometry)).view_as(w)
        per_window = torch.einsum("bol,ok->blk", g, w.view(filters, -1))
        dx = F.fold(per_window.reshape(images, -1, g.shape[2]), x.shape[2:], **geometry)
        return dx, dw, g.sum(dim=(0, 2))
