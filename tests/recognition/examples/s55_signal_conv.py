import numpy as np
try:
    from scipy.signal import correlate2d, convolve2d
except ImportError:
    # fallback, slow
    def correlate2d(a, v, mode='full'):
        if mode == 'full':
            a = np.pad(a, [(n - 1, n - 1) for n in v.shape])
        win = np.lib.stride_tricks.sliding_window_view(a, v.shape)
        return (win * v).sum((-1, -2))

    def convolve2d(a, v, mode='full'):
        return correlate2d(a, v[::-1, ::-1], mode)


class ConvolveLayer:
    """
    True convolution (kernel flipped, as in the maths books), valid region, single (channels, height, width) input.
    """

    def __init__(self, n_in, n_out, shape, use_bias=True):
        self.kernels = {(o, i): np.random.randn(*shape) * 0.1 for o in range(n_out) for i in range(n_in)}
        self.n_in, self.n_out = n_in, n_out
        self.bias = np.zeros((n_out, 1)) if use_bias else None

    def activate(self, x):
        self.x = x
        maps = []
        for o in range(self.n_out):
            z = sum(convolve2d(x[i], self.kernels[o, i], mode='valid') for i in range(self.n_in))
            if self.bias is not None:
                z = z + self.bias[o, 0]
            maps.append(z)
        return np.array(maps)

    def propagate_error(self, delta):
        """returns (delta for the layer below, kernel gradients like self.kernels, bias gradient or None)"""
        below = np.zeros_like(self.x)
        grads = {}
        for (o, i), k in self.kernels.items():
            below[i] += correlate2d(delta[o], k, mode='full')
            grads[o, i] = correlate2d(self.x[i], delta[o], mode='valid')[::-1, ::-1]
        gb = None if self.bias is None else delta.sum(axis=(1, 2))[:, None]
        return below, grads, gb
