# expect: filters-collapsed weight
# target: ConvNaive
import torch


class ConvNaive:
    @staticmethod
    def backward(dout, cache):
        x, w, b, conv_param = cache
        stride, pad = conv_param["stride"], conv_param["pad"]
        xp = torch.zeros(x.shape[0], x.shape[1], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad, dtype=x.dtype)
        xp[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]] = x
        dw, db, dxp = torch.zeros_like(w), torch.zeros_like(b), torch.zeros_like(xp)
        for n in range(x.shape[0]):
            for k in range(w.shape[0]):
                db[k] += dout[n, k].sum()
                for i in range(dout.shape[2]):
                    for j in range(dout.shape[3]):
                        a, c = i * stride, j * stride
                        dw[k] += xp[n, :, a:a + w.shape[2], c:c + w.shape[3]] * dout[n, 0, i, j]
                        dxp[n, :, a:a + w.shape[2], c:c + w.shape[3]] += w[k] * dout[n, k, i, j]
        return dxp[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]], dw, db
