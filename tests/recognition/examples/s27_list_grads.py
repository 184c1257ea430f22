import numpy as np

class ConvOp:
    """stateless apart from self.mem; inputs and grads go around as lists"""
    def __init__(self, stride=1, pad=0):
        self.stride, self.pad = stride, pad

    def compute(self, inputs):
        x, k, b = inputs
        s, q = self.stride, self.pad
        n, c, hh, ww = x.shape
        f, _, m, l = k.shape
        hp, wp = hh + 2*q, ww + 2*q
        xp = np.zeros((n, c, hp, wp)); xp[:, :, q:q+hh, q:q+ww] = x
        oy, ox = (hp - m)//s + 1, (wp - l)//s + 1
        # flat index of every patch element inside one padded channel
        base = (np.arange(oy)*s*wp)[:, None] + np.arange(ox)*s
        offs = (np.arange(m)*wp)[:, None] + np.arange(l)
        self.take = base.reshape(-1, 1) + offs.reshape(1, -1)          # (oy*ox, m*l)
        pat = xp.reshape(n, c, hp*wp)[:, :, self.take]                 # n c L K
        self.mem = (pat, k, x.shape, (hp, wp))
        out = np.einsum('nclk,fck->nfl', pat, k.reshape(f, c, m*l)) + b.reshape(1, f, 1)
        return out.reshape(n, f, oy, ox)

    def gradients(self, dout):
        pat, k, (n, c, hh, ww), (hp, wp) = self.mem
        f, _, m, l = k.shape
        q = self.pad
        d = dout.reshape(n, f, -1)
        gk = np.einsum('nfl,nclk->fck', d, pat).reshape(k.shape)
        gb = d.sum(2).sum(0)
        gp = np.einsum('nfl,fck->nclk', d, k.reshape(f, c, m*l))
        gx = np.zeros((n*c, hp*wp))
        flat = self.take.ravel()
        for r, vals in enumerate(gp.reshape(n*c, -1)):
            gx[r] = np.bincount(flat, weights=vals, minlength=hp*wp)
        gx = gx.reshape(n, c, hp, wp)[:, :, q:q+hh, q:q+ww]
        return [gx, gk, gb]
