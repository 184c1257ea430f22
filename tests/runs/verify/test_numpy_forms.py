"""Layers in numpy as courses and blogs write them, each judged by its own forward and read untold."""

import pytest

from gradcheck_cli.model import VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

LAYERS = '''
import numpy as np

def gated_conv_fwd(x, weight, bias=None):
    # x (batch, chan, time), weight (chan, taps), bias (chan,)
    b, c, t = x.shape
    taps = weight.shape[1]
    xp = np.concatenate([np.zeros((b, c, taps - 1)), x], axis=2)
    pre = sum(weight[None, :, k, None] * xp[:, :, k:k + t] for k in range(taps))
    if bias is not None:
        pre = pre + bias[None, :, None]
    return np.tanh(pre), (xp, weight, bias, pre)

def gated_conv_bwd(dout, ctx):
    xp, weight, bias, pre = ctx
    d = dout * (1 - np.tanh(pre) ** 2)
    dxp, dweight = np.zeros_like(xp), np.zeros_like(weight)
    for k in range(weight.shape[1]):
        dxp[:, :, k:k + d.shape[2]] += weight[None, :, k, None] * d
        dweight[:, k] = (d * xp[:, :, k:k + d.shape[2]]).sum(axis=(0, 2))
    return dxp[:, :, weight.shape[1] - 1:], dweight, None if bias is None else d.sum(axis=(0, 2))

def dense_forward(A, W, b):
    return np.dot(W, A) + b, (A, W, b)

def dense_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return np.dot(W.T, dZ), np.dot(dZ, A_prev.T) / m, np.sum(dZ, axis=1, keepdims=True) / m

def shares_loss(logits, target):
    """Cross entropy with soft targets; each row of target sums to one."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -(target * np.log(p)).sum() / len(p), (p - target) / len(p)

def margin_loss(scores, y):
    """Binary hinge, y in {-1, +1}, shapes (N,)."""
    left = 1.0 - y * scores
    return np.maximum(0.0, left).mean(), np.where(left > 0, -y, 0.0) / y.shape[0]
'''
RIGHT = {
    "gated_conv_bwd": "x weight bias",  # by its names a convolution, and more than that
    "dense_backward": "A W b",  # its columns are samples, and its dW is that of the mean
    "shares_loss": "logits",
    "margin_loss": "scores",
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Target's name -> its report, all from one run."""
    file = tmp_path_factory.mktemp("numpy") / "layers.py"
    file.write_text(LAYERS)
    targets = tuple(f"{file}:{name}" for name in RIGHT)
    return {target.name: target for target in verify_targets(VerifyOptions(targets, jobs=1)).targets}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_one_passes(reports, name):
    """With each gradient that it owes, on several samples."""
    report = reports[name]
    verdicts = {gradient: result.verdict.value for gradient, result in report.gradients.items()}
    assert verdicts == dict.fromkeys(RIGHT[name].split(), "pass"), report.error
