#!/usr/bin/env python
# neural net stuff, 2014
from __future__ import print_function, division
import numpy as np
try:
    xrange
except NameError:
    xrange = range


class ConvLayer(object):
    """ conv layer. in_dims = (depth, rows, cols); filters = number of kernels; rf = receptive field """

    def __init__(self, in_dims, filters, rf, step=1, zp=0, scale=1e-2):
        self.d, self.r, self.c = in_dims
        self.nf, self.rf, self.step, self.zp = filters, rf, step, zp
        assert (self.r - rf + 2 * zp) % step == 0, 'does not tile vertically'
        assert (self.c - rf + 2 * zp) % step == 0, 'does not tile horizontally'
        self.orows = (self.r - rf + 2 * zp) // step + 1
        self.ocols = (self.c - rf + 2 * zp) // step + 1
        self.w = np.random.randn(filters, self.d * rf * rf) * scale
        self.b = np.zeros((filters, 1))

    def _cols(self, im):
        M = np.zeros((self.d * self.rf ** 2, self.orows * self.ocols))
        c = 0
        for y in xrange(self.orows):
            for x in xrange(self.ocols):
                t, l = y * self.step, x * self.step
                M[:, c] = im[:, t:t + self.rf, l:l + self.rf].ravel()
                c += 1
        return M

    def fprop(self, ims):
        """ ims: n x depth x rows x cols """
        n = ims.shape[0]
        z = self.zp
        padded = np.zeros((n, self.d, self.r + 2 * z, self.c + 2 * z))
        padded[:, :, z:z + self.r, z:z + self.c] = ims
        self.M = [self._cols(padded[k]) for k in xrange(n)]
        out = [(np.dot(self.w, m) + self.b).reshape(self.nf, self.orows, self.ocols) for m in self.M]
        return np.array(out)

    def bprop(self, delta):
        """ returns gradients (w, b, input) - w is flat like self.w """
        n = len(delta)
        gw = np.zeros(self.w.shape)
        gb = np.zeros(self.b.shape)
        z = self.zp
        gin = np.zeros((n, self.d, self.r + 2 * z, self.c + 2 * z))
        for k in xrange(n):
            dk = delta[k].reshape(self.nf, -1)
            gw += np.dot(dk, self.M[k].T)
            gb += dk.sum(axis=1)[:, np.newaxis]
            dM = np.dot(self.w.T, dk)
            for idx in xrange(self.orows * self.ocols):
                y, x = divmod(idx, self.ocols)
                t, l = y * self.step, x * self.step
                gin[k, :, t:t + self.rf, l:l + self.rf] += dM[:, idx].reshape(self.d, self.rf, self.rf)
        return gw, gb, gin[:, :, z:z + self.r, z:z + self.c]


if __name__ == '__main__':
    import cPickle
    data = cPickle.load(open('cifar-10-batches-py/data_batch_1', 'rb'))
    print(data.keys())
