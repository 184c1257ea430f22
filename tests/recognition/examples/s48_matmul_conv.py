import numpy as np

def img2col(img, kh, kw, stride, pad):
    """(N,C,H,W) -> (C*kh*kw, N*oh*ow)"""
    N, C, H, W = img.shape
    img = np.pad(img, ((0,0),(0,0),(pad,pad),(pad,pad)))
    oh = (H + 2*pad - kh)//stride + 1
    ow = (W + 2*pad - kw)//stride + 1
    M = np.zeros((C*kh*kw, N*oh*ow))
    col = 0
    for n in range(N):
        for i in range(oh):
            for j in range(ow):
                M[:, col] = img[n, :, i*stride:i*stride+kh, j*stride:j*stride+kw].flatten()
                col += 1
    return M, oh, ow

def col2img(M, shape, kh, kw, stride, pad):
    N, C, H, W = shape
    img = np.zeros((N, C, H + 2*pad, W + 2*pad))
    oh = (H + 2*pad - kh)//stride + 1
    ow = (W + 2*pad - kw)//stride + 1
    for col in range(M.shape[1]):
        n, rest = divmod(col, oh*ow)
        i, j = divmod(rest, ow)
        img[n, :, i*stride:i*stride+kh, j*stride:j*stride+kw] += M[:, col].reshape(C, kh, kw)
    return img[:, :, pad:H+pad, pad:W+pad]

class Conv2D:
    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b, self.stride, self.pad = W, b, stride, pad

    def __call__(self, x):
        F, C, kh, kw = self.W.shape
        self.shape = x.shape
        self.M, oh, ow = img2col(x, kh, kw, self.stride, self.pad)
        y = self.W.reshape(F, -1) @ self.M + self.b.reshape(F, 1)
        return y.reshape(F, x.shape[0], oh, ow).transpose(1, 0, 2, 3)

    def backprop(self, dy):
        F, C, kh, kw = self.W.shape
        d = dy.reshape(F, -1)
        dW = (d @ self.M.T).reshape(self.W.shape)
        db = dy.sum(axis=(0, 2, 3))
        dx = col2img(self.W.reshape(F, -1).T @ d, self.shape, kh, kw, self.stride, self.pad)
        return dx, dW, db
