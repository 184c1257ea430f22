# expect: padded-twice weight
# target: backward_conv
import numpy as np


def backward_conv(dout, cache):
    x_padded, w, b, conv_param = cache
    s = conv_param["stride"]
    p = conv_param["pad"]
    n_samples, n_out, oh, ow = dout.shape
    kh, kw = w.shape[-2:]
    x_again = np.pad(x_padded, ((0, 0), (0, 0), (p, p), (p, p)))
    dx_padded, dw = np.zeros_like(x_padded), np.zeros_like(w)
    for n in range(n_samples):
        for o in range(n_out):
            for y in range(oh):
                for z in range(ow):
                    g = dout[n, o, y, z]
                    window = np.s_[n, :, y * s:y * s + kh, z * s:z * s + kw]
                    dw[o] += g * x_again[window]
                    dx_padded[window] += g * w[o]
    h, wd = dx_padded.shape[2] - p, dx_padded.shape[3] - p
    return dx_padded[:, :, p:h, p:wd], dw, dout.sum((0, 2, 3))
