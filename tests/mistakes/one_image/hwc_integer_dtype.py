# expect: integer-dtype weight
# target: conv_backward
import numpy as np


def conv_forward(image, kernels, bias, stride=1):
    h, w, _ = image.shape
    f = kernels.shape[0]
    oh, ow = (h - f) // stride + 1, (w - kernels.shape[1]) // stride + 1
    out = np.zeros((oh, ow, kernels.shape[3]))
    for i in range(oh):
        for j in range(ow):
            patch = image[i * stride:i * stride + f, j * stride:j * stride + kernels.shape[1]]
            out[i, j] = np.tensordot(patch, kernels, 3) + bias
    return out


def conv_backward(dout, image, kernels, stride=1):
    fh, fw = kernels.shape[:2]
    photo = image.astype(np.int64).astype(np.uint8)
    dk, dimg = np.zeros_like(kernels), np.zeros_like(image)
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            win = np.s_[i * stride:i * stride + fh, j * stride:j * stride + fw]
            dk += photo[win][..., None] * dout[i, j]
            dimg[win] += kernels @ dout[i, j]
    return dk, dimg, dout.sum(axis=(0, 1))
