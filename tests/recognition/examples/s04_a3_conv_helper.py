"""
Implements convolutional networks in PyTorch.
WARNING: you SHOULD NOT use torch.nn / autograd in this file (EECS A3)
"""
import torch


def hello_convolutional_networks():
    print('Hello from convolutional_networks.py!')


class Conv(object):

    @staticmethod
    def forward(x, w, b, conv_param):
        """x: (N, C, H, W), w: (F, C, HH, WW), b: (F,)"""
        stride, pad = conv_param['stride'], conv_param['pad']
        N, C, H, W = x.shape
        F, _, HH, WW = w.shape
        H_out = 1 + (H + 2 * pad - HH) // stride
        W_out = 1 + (W + 2 * pad - WW) // stride
        xp = torch.nn.functional.pad(x, (pad, pad, pad, pad))
        out = torch.zeros((N, F, H_out, W_out), dtype=x.dtype, device=x.device)
        for n in range(N):
            for f in range(F):
                for i in range(H_out):
                    for j in range(W_out):
                        out[n, f, i, j] = torch.sum(
                            xp[n, :, i * stride:i * stride + HH, j * stride:j * stride + WW] * w[f]) + b[f]
        cache = (x, w, b, conv_param)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        x, w, b, conv_param = cache
        stride, pad = conv_param['stride'], conv_param['pad']
        N, F, H_out, W_out = dout.shape
        _, C, HH, WW = w.shape
        xp = torch.nn.functional.pad(x, (pad,) * 4)
        dxp = torch.zeros_like(xp)
        dw = torch.zeros_like(w)
        db = torch.zeros_like(b)
        for n in range(N):
            for f in range(F):
                db[f] += dout[n, f].sum()
                for i in range(H_out):
                    hs = i * stride
                    for j in range(W_out):
                        ws = j * stride
                        g = dout[n, f, i, j]
                        dxp[n, :, hs:hs + HH, ws:ws + WW] += g * w[f]
                        dw[f] += g * xp[n, :, hs:hs + HH, ws:ws + WW]
        H, W = x.shape[2], x.shape[3]
        dx = dxp[:, :, pad:pad + H, pad:pad + W]
        return dx, dw, db
