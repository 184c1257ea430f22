# expect: fold-back-missing input
# target: conv_grads
import torch
import torch.nn.functional as F


def conv_grads(x, weight, grad_output, stride=1, padding=0):
    kh, kw = weight.shape[2:]
    frame = F.pad(x, (padding,) * 4, mode="replicate")
    patches = frame.unfold(2, kh, stride).unfold(3, kw, stride)
    grad_weight = torch.einsum("nopq,ncpquv->ocuv", grad_output, patches)
    cols = torch.einsum("nopq,ocuv->ncuvpq", grad_output, weight).flatten(4).flatten(1, 3)
    grad_x = F.fold(cols, x.shape[2:], (kh, kw), padding=padding, stride=stride)
    return grad_x, grad_weight, grad_output.sum((0, 2, 3))
