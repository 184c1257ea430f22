"""Layers that are called as a convolution and compute something else: their own forward is the truth."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

# Its channels are known when it is built; rows and columns of the kernel are read the wrong way round, in the forward
# as in the gradient of the weight.
TURNED = """
import numpy as np

class Depthwise:
    def __init__(self, kernel_size, stride=1, padding=0):
        self.k, self.stride, self.padding = kernel_size, stride, padding
        self.params = {"W": None, "b": None}

    def build(self, input_shape):
        self.params["W"] = np.random.randn(self.k, self.k, input_shape[-1])
        self.params["b"] = np.zeros(input_shape[-1])

    def forward(self, x):
        p, s = self.padding, self.stride
        self.x = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
        seen = np.lib.stride_tricks.sliding_window_view(self.x, (self.k, self.k), axis=(1, 2))
        self.seen = seen[:, ::s, ::s]
        return np.einsum("npqcuv,vuc->npqc", self.seen, self.params["W"]) + self.params["b"]

    def backward(self, grad):
        p, s = self.padding, self.stride
        self.dW = np.einsum("npqcuv,npqc->vuc", self.seen, grad)
        self.db = grad.sum(axis=(0, 1, 2))
        dx = np.zeros_like(self.x)
        for u in range(self.k):
            for v in range(self.k):
                rows, columns = s * grad.shape[1], s * grad.shape[2]
                dx[:, u:u + rows:s, v:v + columns:s] += grad * self.params["W"][TAP]
        return dx[:, p:dx.shape[1] - p, p:dx.shape[2] - p]
"""


def report_of(tmp_path, code, name):
    """The report of one class of a file."""
    file = tmp_path / "layers.py"
    file.write_text(code)
    return function_here(f"{file}:{name}", timeout=600.0)


@pytest.mark.parametrize(("tap", "x"), [("v, u", Verdict.PASS), ("u, v", Verdict.FAIL)])
def test_a_kernel_in_an_order_of_its_own_is_judged_by_the_layers_forward(tmp_path, tap, x):
    """No convention has it, and the gradient of the weight proves that the layer is called as it is meant."""
    report = report_of(tmp_path, TURNED.replace("TAP", tap), "Depthwise")

    assert {name: result.verdict for name, result in report.gradients.items()} == {
        "x": x,
        "weight": Verdict.PASS,
        "bias": Verdict.PASS,
    }
    assert report.verdict == x
    assert "no convolution, so its own forward is the truth; its axes are written as NCHW here" in report.why
