# expect: single-precision weight
# target: Conv.backward
import torch


class Conv(object):
    @staticmethod
    def forward(x, w, b, conv_param):
        pad, stride = conv_param["pad"], conv_param["stride"]
        N, C, H, W = x.shape
        F, _, HH, WW = w.shape
        H_out, W_out = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
        xp = torch.nn.functional.pad(x, (pad, pad, pad, pad))
        out = torch.zeros((N, F, H_out, W_out), dtype=x.dtype, device=x.device)
        for i in range(H_out):
            for j in range(W_out):
                patch = xp[:, None, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
                out[:, :, i, j] = (patch * w[None]).sum(dim=(2, 3, 4)) + b
        return out, (x, w, b, conv_param)

    @staticmethod
    def backward(dout, cache):
        x, w, b, conv_param = cache
        pad, stride = conv_param["pad"], conv_param["stride"]
        HH, WW = w.shape[2:]
        xp = torch.nn.functional.pad(x, (pad, pad, pad, pad))
        dxp, dw = torch.zeros_like(xp), torch.zeros(w.shape)
        db = dout.sum(dim=(0, 2, 3))
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                h, v = i * stride, j * stride
                g = dout[:, :, i, j][:, :, None, None, None]
                dw += (g * xp[:, None, :, h:h + HH, v:v + WW]).sum(dim=0)
                dxp[:, :, h:h + HH, v:v + WW] += (g * w[None]).sum(dim=1)
        dx = dxp[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]]
        return dx, dw, db
