# expect: pass
# target: EchoUnit
import numpy as np


class EchoUnit:
    """y has as many values as the recording; the echo pattern is centred, one value more in front where it is even."""

    def __init__(self, coefficients, offset=0.0):
        self.pattern = np.array(coefficients, dtype=float)
        self.bias = offset

    def _around(self, values, front, behind):
        return np.concatenate([[0.0] * front, values, [0.0] * behind])

    def forward(self, recording):
        taps = len(self.pattern)
        self.seen = self._around(recording, taps // 2, taps - 1 - taps // 2)
        return np.array([np.dot(self.seen[t:t + taps], self.pattern) for t in range(len(recording))]) + self.bias

    def backward(self, dy):
        taps = len(self.pattern)
        self.d_pattern = np.array([np.dot(self.seen[j:j + len(dy)], dy) for j in range(taps)])
        self.d_bias = np.sum(dy)
        far = self._around(dy, taps - 1 - taps // 2, taps // 2)
        return np.array([np.dot(far[t:t + taps], self.pattern[::-1]) for t in range(len(dy))])
