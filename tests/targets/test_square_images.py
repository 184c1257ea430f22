"""Layers that keep one side of their images for both, and code that makes tensors in torch's default dtype."""

import pytest

from gradcheck_cli.model import Verdict
from helpers import verified

SQUARE = """
import numpy as np

class Convolution:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1):
        self.stride, self.k = stride, kernel_size
        self.W = np.random.randn(out_channels, in_channels, kernel_size, kernel_size)

    def windows(self, x):
        pieces = np.lib.stride_tricks.sliding_window_view(x, (self.k, self.k), (2, 3))
        return pieces[:, :, :: self.stride, :: self.stride]

    def forward(self, x):
        self.x = x
        n, self.side = len(x), (x.shape[{axis}] - self.k) // self.stride + 1
        rows = self.windows(x).transpose(0, 2, 3, 1, 4, 5).reshape({rows}, -1)
        out = rows @ self.W.reshape(len(self.W), -1).T
        return out.reshape(n, {shape}, len(self.W)).transpose(0, 3, 1, 2)

    def backward(self, grad):
        self.dW = np.einsum("nohw,nihwuv->oiuv", grad, self.windows(self.x))
        below = np.zeros_like(self.x)
        for p, q in np.ndindex({visited}):
            r, c = p * self.stride, q * self.stride
            below[:, :, r : r + self.k, c : c + self.k] += np.einsum("no,oiuv->niuv", grad[:, :, p, q], self.W)
        return {returned}
"""
KEPT = {
    "axis": "3",
    "rows": "n * self.side ** 2",
    "shape": "self.side, self.side",
    "visited": "self.side, self.side",
    "returned": "below",
}
# The forward takes any image.
FREE = {
    "axis": "2",
    "rows": "n * self.side * ((x.shape[3] - self.k) // self.stride + 1)",
    "shape": "self.side, -1",
}


def judged(folder, **changes):
    """The report of the layer, with some of its lines exchanged."""
    (report,) = verified(folder, SQUARE.format(**(KEPT | changes)), "Convolution", file="square.py").targets
    return report


def test_what_raises_on_all_other_images_is_asked_with_square_ones(tmp_path):
    """At every stride and kernel that it takes; the first line of the verdict says so."""
    report = judged(tmp_path)
    taken = [place.spec for place in report.geometries.list if place.supported]

    assert report.verdict is Verdict.PASS
    assert "square images only" in report.scope
    assert all(spec.height == spec.width for spec in taken)
    assert {spec.stride[0] for spec in taken} >= {1, 2, 3}
    # As many as there are of any other layer that takes no padding.
    assert len(taken) > 12


@pytest.mark.parametrize(
    "changes", [{"returned": "below / len(grad)"}, {"visited": "self.side, self.side - 1"}], ids=["mean", "last"]
)
def test_what_is_wrong_on_square_images_is_found(tmp_path, changes):
    """In the one gradient that is wrong."""
    report = judged(tmp_path, **changes)
    assert report.verdict is Verdict.FAIL
    assert {finding.gradient for finding in report.findings} == {"input"}


def test_a_backward_that_is_for_square_images_behind_a_forward_that_is_not_is_at_fault(tmp_path):
    """It computed something there, and its gradient is missing a part or raises."""
    report = judged(tmp_path, **FREE)
    assert report.verdict is Verdict.FAIL
    assert report.scope == ""


DEFAULT = """
import torch
from torch.nn.functional import fold, unfold

class Layer:
    def __init__(self, in_channels, out_channels, kernel_size, padding=0):
        self.k, self.how = kernel_size, {"kernel_size": kernel_size, "padding": padding}
        self.weight = torch.empty(out_channels, in_channels, kernel_size, kernel_size).uniform_(-1, 1)
        self.bias = torch.zeros(out_channels)

    def forward(self, x):
        self.size, self.columns = x.shape[2:], unfold(x, **self.how)
        self.rows = self.size[0] + 2 * self.how["padding"] - self.k + 1
        out = self.weight.flatten(1) @ self.columns + self.bias[:, None]
        return out.unflatten(2, (self.rows, -1))

    def backward(self, grad):
        flat = grad.flatten(2)
        ones = torch.ones(flat.shape[2]DTYPE)
        self.grad_bias = (flat @ ones).sum(0)
        self.grad_weight = (flat @ self.columns.transpose(1, 2)).sum(0).view_as(self.weight)
        return fold(self.weight.flatten(1).T @ flat, tuple(self.size), **self.how)FACTOR
"""
CLASH = "which clash with the float64"


@pytest.mark.parametrize(
    ("dtype", "factor", "verdict", "said"),
    [
        ("", "", Verdict.PASS, True),
        ("", " * 3", Verdict.FAIL, True),
        (", dtype=torch.float32", "", Verdict.FAIL, False),
        (", dtype=grad.dtype", "", Verdict.PASS, False),
    ],
)
def test_a_clash_of_the_default_dtype_is_the_question_s_doing(tmp_path, dtype, factor, verdict, said):
    """It runs in float32 as its author runs it; with float64 as the default it is judged. What says float32 clashes."""
    (report,) = verified(
        tmp_path, DEFAULT.replace("DTYPE", dtype).replace("FACTOR", factor), "Layer", file="default.py"
    ).targets

    assert report.verdict is verdict
    assert any(CLASH in note for note in report.notes) is said
    found = {(finding.id, finding.gradient) for finding in report.findings}
    assert found == ({("scaled-constant", "input")} if factor else {("crashes", "call")} if "32" in dtype else set())
