"""Pointwise layers: code that means kernels of one tap is asked with these, and with no other."""

import pytest
from recognising import loaded_from

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.conventions.kinds import kinds_to_try
from gradcheck_cli.targets.conventions.layout import is_pointwise
from helpers import verified

# Reads one tap by its number, and is right on a larger kernel in nothing but the bias.
BY_NUMBER = """
import numpy as np

def mix(picture, kernel, bias):
    return np.tensordot(picture, kernel[0, 0], axes=1) + bias

def mix_backward(delta, picture, kernel, bias):
    d_kernel = np.zeros_like(kernel)
    d_kernel[0, 0] = {weight}
    return {input}, d_kernel, delta.sum(axis=(0, 1))
"""
NUMBERED = {
    "weight": 'np.einsum("hwc,hwf->cf", picture, delta)',
    "input": "np.tensordot(delta, kernel[0, 0].T, axes=1)",
}
# Keeps a matrix, takes a stride, and says what it is by its name.
NAMED = """
import numpy as np

class PointwiseLayer:
    def __init__(self, in_channels, out_channels, stride=1):
        self.stride = stride
        self.W = np.random.randn(out_channels, in_channels)
        self.b = np.zeros(out_channels)

    def forward(self, x):
        self.x = x
        return np.einsum("oi,nihw->nohw", self.W, x[:, :, :: self.stride, :: self.stride]) + self.b[:, None, None]

    def backward(self, grad):
        step = self.stride
        self.dW = np.einsum("nohw,nihw->oi", grad, {weight})
        self.db = grad.sum(axis=(0, 2, 3))
        below = np.zeros_like(self.x)
        below[:, :, ::step, ::step] = {input}
        return below
"""
STEPPED = {"weight": "self.x[:, :, ::step, ::step]", "input": 'np.einsum("oi,nohw->nihw", self.W, grad)'}
# Refuses every other kernel.
ASSERTED = """
import torch

class Blend(torch.autograd.Function):
    @staticmethod
    def forward(ctx, image, kernel):
        assert kernel.shape[2] == 1 and kernel.shape[3] == 1
        ctx.save_for_backward(image, kernel)
        return torch.einsum("oi,nihw->nohw", kernel.reshape(kernel.shape[:2]), image)

    @staticmethod
    def backward(ctx, grad):
        image, kernel = ctx.saved_tensors
        taps = kernel.reshape(kernel.shape[:2])
        return {input}, {weight}.reshape(kernel.shape)
"""
BLENDED = {
    "input": 'torch.einsum("oi,nohw->nihw", taps, grad)',
    "weight": 'torch.einsum("nohw,nihw->oi", grad, image)',
}
CODE = {
    "mix_backward": (BY_NUMBER, NUMBERED),
    "PointwiseLayer": (NAMED, STEPPED),
    "Blend": (ASSERTED, BLENDED),
}


def judged(folder, name, **changes):
    """The report of one of them, with some of its lines exchanged."""
    code, parts = CODE[name]
    (report,) = verified(folder, code.format(**(parts | changes)), name, file="kernel.py").targets
    return report


@pytest.mark.parametrize("name", CODE)
def test_what_takes_one_tap_is_asked_with_one_tap(tmp_path, name):
    """It is right on all of these, of many sizes; what was asked is said."""
    report = judged(tmp_path, name)
    taken = [place.spec for place in report.geometries.list if place.supported]

    assert report.verdict is Verdict.PASS
    assert all(map(is_pointwise, taken))
    # Enough for the mistakes that show beyond a few channels, or with one image alone.
    assert len(taken) > 7
    assert "a pointwise convolution: it was asked with kernels of 1x1 alone" in report.notes
    assert (max(max(spec.stride) for spec in taken) > 1) is (name == "PointwiseLayer")


@pytest.mark.parametrize(
    ("name", "wrong", "changes"),
    [
        ("mix_backward", "weight", {"weight": 'np.einsum("hwc,hwf->cf", picture, delta) / delta.shape[0]'}),
        ("mix_backward", "input", {"input": "np.tensordot(delta, abs(kernel[0, 0]).T, axes=1)"}),
        ("PointwiseLayer", "weight", {"weight": "self.x[:, :, : grad.shape[2], : grad.shape[3]]"}),
        ("PointwiseLayer", "input", {"input": 'np.einsum("oi,nohw->nihw", self.W, grad[:, :, ::-1])'}),
        ("Blend", "weight", {"weight": 'torch.einsum("nohw,nihw->oi", grad[:1], image[:1])'}),
        ("Blend", "input", {"input": 'torch.einsum("oi,nohw->nihw", taps, grad) * 2'}),
    ],
)
def test_its_mistakes_are_found(tmp_path, name, wrong, changes):
    """Of the one gradient that is wrong, and of no other."""
    report = judged(tmp_path, name, **changes)
    assert report.verdict is Verdict.FAIL
    assert {finding.gradient for finding in report.findings} == {wrong}


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def f(g, x, w):\n    assert w.shape[2:] == (1, 1)\n    return g", True),
        ("def f(g, x, w, kernel_size):\n    if kernel_size != 1:\n        raise ValueError\n    return g", True),
        ("def f(g, x, w, stride):\n    assert stride == 1\n    return g", False),
        ("def f(g, x, w):\n    assert w.shape[2] >= 1\n    return g", False),
        ("def f(g, x, w):\n    assert w.shape[1] == 1\n    return g", False),
        ("def conv1x1_backward(g, x, w):\n    return g", True),
        ("def conv11x1_backward(g, x, w):\n    return g", False),
        ("def f(g, x, w):\n    return g * w[:, :, 0, 0]", True),
        ("def f(g, x, w):\n    return g * x[0, 0]", False),
        ("def f(g, x, w):\n    return [g[i : i + 3] * w[0, 0] for i in range(9)]", False),
    ],
)
def test_the_text_says_it(tmp_path, code, says):
    """By a refusal, by a name, or by the one tap that is read; what reads windows has more of them."""
    name = code.partition("(")[0].removeprefix("def ")
    kinds = kinds_to_try(loaded_from(tmp_path, code, name), ())
    assert any(is_pointwise(specs[0]) for specs in kinds) is says
    assert not is_pointwise(kinds[0][0])
