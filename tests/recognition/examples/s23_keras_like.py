import numpy as np


class Conv2D:
    """Keras look-alike: channels_last, padding='same' as in TensorFlow (extra row/column at the end)."""

    def __init__(self, filters, kernel_size, strides=(1, 1), padding='valid', use_bias=True):
        self.filters = filters
        self.kernel_size = (kernel_size,) * 2 if isinstance(kernel_size, int) else tuple(kernel_size)
        self.strides = (strides,) * 2 if isinstance(strides, int) else tuple(strides)
        self.padding = padding
        self.use_bias = use_bias
        self.built = False

    def build(self, input_shape):
        kh, kw = self.kernel_size
        cin = input_shape[-1]
        limit = np.sqrt(6. / (kh * kw * (cin + self.filters)))
        self.kernel = np.random.uniform(-limit, limit, (kh, kw, cin, self.filters))
        self.bias = np.zeros(self.filters) if self.use_bias else None
        self.built = True

    def _pads(self, size, k, s):
        if self.padding == 'valid':
            return (size - k) // s + 1, 0, 0
        out = int(np.ceil(size / s))
        total = max((out - 1) * s + k - size, 0)
        return out, total // 2, total - total // 2

    def __call__(self, inputs):
        if not self.built:
            self.build(inputs.shape)
        return self.call(inputs)

    def call(self, inputs):
        n, h, w, _ = inputs.shape
        kh, kw = self.kernel_size
        sh, sw = self.strides
        oh, top, bottom = self._pads(h, kh, sh)
        ow, left, right = self._pads(w, kw, sw)
        self.inputs = inputs
        self.padded = np.pad(inputs, [(0, 0), (top, bottom), (left, right), (0, 0)])
        outputs = np.zeros((n, oh, ow, self.filters))
        for i in range(oh):
            for j in range(ow):
                patch = self.padded[:, i * sh:i * sh + kh, j * sw:j * sw + kw]
                outputs[:, i, j] = np.tensordot(patch, self.kernel, 3)
        if self.use_bias:
            outputs += self.bias
        return outputs

    def gradients(self, grad_outputs):
        """-> [grad_inputs, grad_kernel, grad_bias]"""
        n, h, w, _ = self.inputs.shape
        kh, kw = self.kernel_size
        sh, sw = self.strides
        oh, ow = grad_outputs.shape[1:3]
        _, _, bottom = self._pads(h, kh, sh)
        _, _, right = self._pads(w, kw, sw)
        grad_kernel = np.zeros_like(self.kernel)
        grad_padded = np.zeros_like(self.padded)
        for i in range(oh):
            for j in range(ow):
                g = grad_outputs[:, i, j]
                patch = self.padded[:, i * sh:i * sh + kh, j * sw:j * sw + kw]
                grad_kernel += np.tensordot(patch, g, (0, 0))
                grad_padded[:, i * sh:i * sh + kh, j * sw:j * sw + kw] += np.tensordot(g, self.kernel, (1, 3))
        grad_inputs = grad_padded[:, bottom:bottom + h, right:right + w]
        result = [grad_inputs, grad_kernel]
        if self.use_bias:
            result.append(grad_outputs.sum(axis=(0, 1, 2)))
        return result
