"""
Prototype of a tiled conv2d backward before porting it to a real GPU kernel.
The three "kernels" below are launched over a grid like triton programs; every program owns
a BLOCK of output values and accumulates in registers (here: a small numpy array).

layout: NCHW, weights OIHW, no bias
"""
import numpy as np

BLOCK_C = 8      # input channels per program
BLOCK_K = 16     # output channels per program
BLOCK_P = 32     # pixels per program


def cdiv(a, b):
    return -(-a // b)


def _gather(xp, n, c_idx, p_idx, OW, stride, r, s):
    oy, ox = p_idx // OW, p_idx % OW
    return xp[n, c_idx[:, None], (oy * stride + r)[None, :], (ox * stride + s)[None, :]]


def fwd_kernel(pid_n, pid_k, pid_p, xp, w, y, stride):
    N, K, OH, OW = y.shape
    C, R, S = w.shape[1:]
    k_idx = np.arange(pid_k * BLOCK_K, min((pid_k + 1) * BLOCK_K, K))
    p_idx = np.arange(pid_p * BLOCK_P, min((pid_p + 1) * BLOCK_P, OH * OW))
    acc = np.zeros((len(k_idx), len(p_idx)))
    for c0 in range(0, C, BLOCK_C):
        c_idx = np.arange(c0, min(c0 + BLOCK_C, C))
        for r in range(R):
            for s in range(S):
                a = w[k_idx[:, None], c_idx[None, :], r, s]
                acc += a @ _gather(xp, pid_n, c_idx, p_idx, OW, stride, r, s)
    y[pid_n, k_idx[:, None], (p_idx // OW)[None], (p_idx % OW)[None]] = acc


def dw_kernel(pid_k, pid_c, xp, gy, dw, stride):
    N, K, OH, OW = gy.shape
    C, R, S = dw.shape[1:]
    k_idx = np.arange(pid_k * BLOCK_K, min((pid_k + 1) * BLOCK_K, K))
    c_idx = np.arange(pid_c * BLOCK_C, min((pid_c + 1) * BLOCK_C, C))
    for r in range(R):
        for s in range(S):
            acc = np.zeros((len(k_idx), len(c_idx)))
            for n in range(N):
                for p0 in range(0, OH * OW, BLOCK_P):
                    p_idx = np.arange(p0, min(p0 + BLOCK_P, OH * OW))
                    g = gy[n, k_idx[:, None], (p_idx // OW)[None], (p_idx % OW)[None]]
                    acc += g @ _gather(xp, n, c_idx, p_idx, OW, stride, r, s).T
            dw[k_idx[:, None], c_idx[None, :], r, s] = acc


def dx_kernel(pid_n, pid_c, gy, w, dxp, stride):
    N, K, OH, OW = gy.shape
    C, R, S = w.shape[1:]
    c_idx = np.arange(pid_c * BLOCK_C, min((pid_c + 1) * BLOCK_C, C))
    for k0 in range(0, K, BLOCK_K):
        k_idx = np.arange(k0, min(k0 + BLOCK_K, K))
        for r in range(R):
            for s in range(S):
                a = w[k_idx[:, None], c_idx[None, :], r, s]
                t = np.tensordot(a, gy[pid_n, k_idx], axes=(0, 0))
                dxp[pid_n, c_idx, r:r + stride * OH:stride, s:s + stride * OW:stride] += t


def conv_fwd(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, _, R, S = w.shape
    OH, OW = (H + 2 * pad - R) // stride + 1, (W + 2 * pad - S) // stride + 1
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.empty((N, K, OH, OW))
    for n in range(N):
        for k in range(cdiv(K, BLOCK_K)):
            for p in range(cdiv(OH * OW, BLOCK_P)):
                fwd_kernel(n, k, p, xp, w, y, stride)
    return y


def conv_bwd(x, w, gy, stride=1, pad=0):
    N, C, H, W = x.shape
    K = w.shape[0]
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dw = np.zeros_like(w)
    dxp = np.zeros_like(xp)
    for k in range(cdiv(K, BLOCK_K)):
        for c in range(cdiv(C, BLOCK_C)):
            dw_kernel(k, c, xp, gy, dw, stride)
    for n in range(N):
        for c in range(max(1, C // BLOCK_C)):
            dx_kernel(n, c, gy, w, dxp, stride)
    return dxp[:, :, pad:pad + H, pad:pad + W], dw
