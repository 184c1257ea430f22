# expect: axes-transposed weight
# target: TorusConv
import numpy as np


class TorusConv:
    """One map (channels, rows, cols) on a torus: what leaves on one side comes in on the other."""

    def __init__(self, c_in, c_out, size, margin):
        self.weights = np.random.standard_normal((c_out, c_in, size, size)) * 0.2
        self.biases = np.zeros(c_out)
        self.margin = margin

    def forward(self, world):
        self.world = world
        m = self.margin
        self.around = np.pad(world, ((0, 0), (m, m), (m, m)), mode="wrap")
        rows, cols = (side - self.weights.shape[2] + 1 for side in self.around.shape[1:])
        out = np.zeros((len(self.weights), rows, cols))
        for u, v in np.ndindex(*self.weights.shape[2:]):
            out += np.tensordot(self.weights[:, :, u, v], self.around[:, u : u + rows, v : v + cols], 1)
        return out + self.biases[:, None, None]

    def backward(self, d_out):
        rows, cols = d_out.shape[1:]
        self.d_weights = np.zeros_like(self.weights)
        self.d_biases = d_out.sum((1, 2))
        d_around = np.zeros_like(self.around)
        for u, v in np.ndindex(*self.weights.shape[2:]):
            piece = np.s_[:, u : u + rows, v : v + cols]
            self.d_weights[:, :, v, u] = np.tensordot(d_out, self.around[piece], ((1, 2), (1, 2)))
            d_around[piece] += np.tensordot(self.weights[:, :, u, v], d_out, (0, 0))
        _, height, width = self.world.shape
        d_world = np.zeros_like(self.world)
        for r in range(d_around.shape[1]):
            for c in range(d_around.shape[2]):
                d_world[:, (r - self.margin) % height, (c - self.margin) % width] += d_around[:, r, c]
        return d_world
