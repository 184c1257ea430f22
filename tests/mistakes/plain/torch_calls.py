# expect: pass
# target: conv_grads
import torch
import torch.nn.functional as F


def conv_grads(grad_out, inp, weight, stride=1, padding=0):
    """Two calls of the library: images and channels change places for the kernel, and the stride becomes dilation."""
    _, _, kh, kw = weight.shape
    swapped = F.conv2d(inp.transpose(0, 1), grad_out.transpose(0, 1), padding=padding, dilation=stride)
    missing = [
        size + 2 * padding - stride * (count - 1) - side
        for size, count, side in zip(inp.shape[2:], grad_out.shape[2:], (kh, kw))
    ]
    gx = F.conv_transpose2d(grad_out, weight, stride=stride, padding=padding, output_padding=tuple(missing))
    return gx, swapped.transpose(0, 1)[:, :, :kh, :kw]
