# expect: reshape-not-transpose weight,input,bias
# target: conv_backward
import numpy as np


def im2col(x, kh, kw, oh, ow, stride):
    """(n * oh * ow, c * kh * kw), window after window."""
    columns = [
        x[:, :, i * stride:i * stride + kh, j * stride:j * stride + kw].reshape(len(x), -1)
        for i in range(oh)
        for j in range(ow)
    ]
    return np.stack(columns, axis=1).reshape(len(x) * oh * ow, -1)


def col2im(columns, shape, kh, kw, oh, ow, stride):
    x = np.zeros(shape)
    columns = columns.reshape(shape[0], oh, ow, shape[1], kh, kw)
    for i in range(oh):
        for j in range(ow):
            x[:, :, i * stride:i * stride + kh, j * stride:j * stride + kw] += columns[:, i, j]
    return x


def conv_backward(dout, x, w, stride=1, pad=0):
    f, c, kh, kw = w.shape
    oh, ow = dout.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dout = dout.reshape(-1, f)
    db = np.sum(dout, axis=0)
    dw = np.dot(im2col(xp, kh, kw, oh, ow, stride).T, dout).T.reshape(f, c, kh, kw)
    dxp = col2im(np.dot(dout, w.reshape(f, -1)), xp.shape, kh, kw, oh, ow, stride)
    return dxp[:, :, pad:xp.shape[2] - pad, pad:xp.shape[3] - pad], dw, db
