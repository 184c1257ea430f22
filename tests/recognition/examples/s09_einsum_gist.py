# gist: conv2d in 25 lines with as_strided + einsum, NCHW, any stride/padding (ints)
import numpy as np
from numpy.lib.stride_tricks import as_strided

def windows(a, out_hw, k_hw, stride):
    n, c, _, _ = a.shape
    sn, sc, sh, sw = a.strides
    return as_strided(a, (n, c) + tuple(out_hw) + tuple(k_hw), (sn, sc, sh*stride, sw*stride, sh, sw))

def conv2d(x, w, stride=1, padding=0):
    xp = np.pad(x, [(0,0), (0,0), (padding,padding), (padding,padding)])
    oh = (xp.shape[2] - w.shape[2]) // stride + 1
    ow = (xp.shape[3] - w.shape[3]) // stride + 1
    return np.einsum('ncyxij,fcij->nfyx', windows(xp, (oh, ow), w.shape[2:], stride), w, optimize=True)

def conv2d_grad(x, w, gout, stride=1, padding=0):
    """returns (grad_x, grad_w)"""
    kh, kw = w.shape[2:]
    H, W = x.shape[2:]
    xp = np.pad(x, [(0,0), (0,0), (padding,padding), (padding,padding)])
    gw = np.einsum('nfyx,ncyxij->fcij', gout, windows(xp, gout.shape[2:], (kh, kw), stride), optimize=True)
    # put the gradient on the stride-1 grid (with a k-1 frame) and correlate with the rotated kernel
    full = np.zeros(gout.shape[:2] + (xp.shape[2] + kh - 1, xp.shape[3] + kw - 1))
    oh, ow = gout.shape[2:]
    full[:, :, kh-1:kh-1+stride*oh:stride, kw-1:kw-1+stride*ow:stride] = gout
    gx = np.einsum('nfyxij,fcij->ncyx', windows(full, xp.shape[2:], (kh, kw), 1), w[:, :, ::-1, ::-1], optimize=True)
    return gx[:, :, padding:padding+H, padding:padding+W], gw
