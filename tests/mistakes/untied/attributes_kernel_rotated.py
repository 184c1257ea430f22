# expect: kernel-rotated weight
# target: FeatureMaps
import numpy as np


class FeatureMaps:
    def __init__(self, num_maps, num_inputs, size, height, width):
        self.weights = np.random.standard_normal((num_maps, num_inputs, size, size))
        self.bias = np.zeros((num_maps, height - size + 1, width - size + 1))
        self.grad_weights = np.zeros_like(self.weights)
        self.grad_bias = np.zeros_like(self.bias)

    def forward(self, inputs):
        self.inputs = inputs
        size = self.weights.shape[2]
        out = self.bias.copy()
        for u in range(size):
            for v in range(size):
                part = inputs[:, u:u + out.shape[1], v:v + out.shape[2]]
                out += np.tensordot(self.weights[:, :, u, v], part, axes=1)
        return out

    def backward(self, delta):
        size = self.weights.shape[2]
        result = np.zeros_like(self.inputs)
        for u in range(size):
            for v in range(size):
                area = np.s_[:, u:u + delta.shape[1], v:v + delta.shape[2]]
                self.grad_weights[:, :, -1 - u, -1 - v] = np.tensordot(delta, self.inputs[area], axes=([1, 2], [1, 2]))
                result[area] += np.tensordot(self.weights[:, :, u, v].T, delta, axes=1)
        self.grad_bias[...] = delta
        return result
