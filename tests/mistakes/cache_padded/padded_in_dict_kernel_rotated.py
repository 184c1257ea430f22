# expect: kernel-rotated weight
# target: backprop
import numpy as np


def forwardprop(inputs, kernels, biases, stride, padding):
    padded_input = np.pad(inputs, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    k1, k2 = kernels.shape[2], kernels.shape[3]
    oh = (padded_input.shape[2] - k1) // stride + 1
    ow = (padded_input.shape[3] - k2) // stride + 1
    out = np.empty((inputs.shape[0], kernels.shape[0], oh, ow))
    for i in range(oh):
        for j in range(ow):
            w = padded_input[:, :, i * stride:i * stride + k1, j * stride:j * stride + k2]
            out[:, :, i, j] = np.tensordot(w, kernels, axes=([1, 2, 3], [1, 2, 3])) + biases
    return out, {"padded": padded_input, "kernels": kernels, "stride": stride, "padding": padding}


def backprop(delta, cache):
    padded, kernels = cache["padded"], cache["kernels"]
    stride, padding = cache["stride"], cache["padding"]
    k1, k2 = kernels.shape[2], kernels.shape[3]
    d_kernels, d_padded = np.zeros_like(kernels), np.zeros_like(padded)
    for i in range(delta.shape[2]):
        for j in range(delta.shape[3]):
            y, x = i * stride, j * stride
            d_kernels += np.einsum("nf,nchw->fchw", delta[:, :, i, j], padded[:, :, y:y + k1, x:x + k2])
            d_padded[:, :, y:y + k1, x:x + k2] += np.einsum("nf,fchw->nchw", delta[:, :, i, j], kernels)
    end = -padding if padding else None
    d_kernels = d_kernels[:, :, ::-1, ::-1]
    return d_kernels, delta.sum(axis=(0, 2, 3)), d_padded[:, :, padding:end, padding:end]
