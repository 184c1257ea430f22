# expect: extra-taps weight
# target: conv_grads
import torch.nn.functional as F


def conv_grads(grad_out, inp, weight, stride=1, padding=0):
    """The images play the channels."""
    images, upstream = inp.permute(1, 0, 2, 3), grad_out.permute(1, 0, 2, 3)
    return F.conv2d(images, upstream, padding=padding, dilation=stride).permute(1, 0, 2, 3)
