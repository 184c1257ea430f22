import numpy as np

def conv2d(img, ker):
    (H, W), (h, w) = img.shape, ker.shape
    return np.array([[(img[i:i+h, j:j+w] * ker).sum() for j in range(W-w+1)] for i in range(H-h+1)])

def conv2d_backward(dout, img, ker):
    h, w = ker.shape
    dker = conv2d(img, dout)
    dimg = conv2d(np.pad(dout, ((h-1, h-1), (w-1, w-1))), ker[::-1, ::-1])
    return dimg, dker
