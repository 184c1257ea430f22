import numpy as np


INITIALIZERS = {
    'he': lambda shape, fan: np.random.randn(*shape) * np.sqrt(2. / fan),
    'xavier': lambda shape, fan: np.random.randn(*shape) * np.sqrt(1. / fan),
    'zeros': lambda shape, fan: np.zeros(shape),
}


class ConvLayer:
    """
    cfg = {
        'type': 'conv', 'filters': 8, 'kernel': 3 or (3, 5), 'strides': 1,
        'padding': 'valid' | 'same', 'init': 'he', 'input_shape': (C, H, W)
    }

    'same' needs an odd kernel and strides 1.
    """

    def __init__(self, cfg):
        self.cfg = cfg
        c, h, w = cfg['input_shape']
        k = cfg.get('kernel', 3)
        self.kh, self.kw = k if isinstance(k, (list, tuple)) else (k, k)
        self.strides = cfg.get('strides', 1)
        mode = cfg.get('padding', 'valid').lower()
        if mode == 'same':
            if self.strides != 1 or self.kh % 2 == 0 or self.kw % 2 == 0:
                raise ValueError("'same' is only implemented for odd kernels and strides=1")
            self.ph, self.pw = self.kh // 2, self.kw // 2
        elif mode == 'valid':
            self.ph = self.pw = 0
        else:
            raise ValueError('unknown padding %r' % mode)
        shape = (cfg['filters'], c, self.kh, self.kw)
        self.params = {
            'W': INITIALIZERS[cfg.get('init', 'he')](shape, c * self.kh * self.kw),
            'b': np.zeros((cfg['filters'],)),
        }
        self.grads = {}
        self.output_shape = (cfg['filters'],
                             (h + 2 * self.ph - self.kh) // self.strides + 1,
                             (w + 2 * self.pw - self.kw) // self.strides + 1)

    def forward_propagation(self, X, training=True):
        n = X.shape[0]
        f, oh, ow = self.output_shape
        Xp = np.pad(X, ((0, 0), (0, 0), (self.ph, self.ph), (self.pw, self.pw)), 'constant')
        cols = np.zeros((n, oh * ow, X.shape[1] * self.kh * self.kw))
        idx = 0
        for i in range(0, oh * self.strides, self.strides):
            for j in range(0, ow * self.strides, self.strides):
                cols[:, idx] = Xp[:, :, i:i + self.kh, j:j + self.kw].reshape(n, -1)
                idx += 1
        if training:
            self.cache = {'cols': cols, 'padded_shape': Xp.shape}
        out = cols.dot(self.params['W'].reshape(f, -1).T) + self.params['b']
        return out.transpose(0, 2, 1).reshape(n, f, oh, ow)

    def backward_propagation(self, grad):
        n, f, oh, ow = grad.shape
        g = grad.reshape(n, f, oh * ow).transpose(0, 2, 1)
        self.grads['W'] = np.einsum('npf,npk->fk', g, self.cache['cols']).reshape(self.params['W'].shape)
        self.grads['b'] = g.sum(axis=(0, 1))
        dcols = g.dot(self.params['W'].reshape(f, -1))
        _, c, hp, wp = self.cache['padded_shape']
        dXp = np.zeros((n, c, hp, wp))
        for idx in range(oh * ow):
            i, j = (idx // ow) * self.strides, (idx % ow) * self.strides
            dXp[:, :, i:i + self.kh, j:j + self.kw] += dcols[:, idx].reshape(n, c, self.kh, self.kw)
        return dXp[:, :, self.ph:hp - self.ph, self.pw:wp - self.pw]


def build(configs, input_shape):
    net = []
    for cfg in configs:
        layer = ConvLayer(dict(cfg, input_shape=input_shape))
        input_shape = layer.output_shape
        net.append(layer)
    return net


def save(net, path):
    import h5py
    with h5py.File(path, 'w') as f:
        for i, layer in enumerate(net):
            for key, value in layer.params.items():
                f['layer%d/%s' % (i, key)] = value


if __name__ == '__main__':
    import yaml
    net = build(yaml.safe_load(open('net.yml')), (1, 28, 28))
    save(net, 'net.h5')
