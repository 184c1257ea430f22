"""The line of a function on which its mistake stands, from its file to its report."""

import textwrap

import pytest

from gradcheck_cli.model import VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

LAYERS = """
import numpy as np

def dense_forward(a, weights, offset):
    return a @ weights + offset, (a, weights)

def dense_backward(up, cache):
    a, weights = cache
    d_offset = up.mean(axis=0)
    return up @ weights.T, a.T @ up, d_offset

def bump_forward(z):
    t = np.tanh(z)
    return z * t, (z, t)

def bump_backward(up, cache):
    z, t = cache
    slope = 1 - t
    return up * (t + z * slope)

class Scale:
    def forward(self, x, gain):
        self.saved = x, gain
        return x * gain

    def backward(self, up):
        x, gain = self.saved
        dgain = up.sum(0)
        return up * gain, dgain

def smooth_forward(v):
    m = v.mean(0)
    return (v - m) ** 2, v

def smooth_backward(up, v):
    return 2 * up * (v - v.mean(0)) + up
"""
NAMES = ("dense_backward", "bump_backward", "Scale", "smooth_backward")


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    """Target's name -> its first finding, all from one run."""
    file = tmp_path_factory.mktemp("layers") / "layers.py"
    file.write_text(textwrap.dedent(LAYERS))
    report = verify_targets(VerifyOptions(tuple(f"{file}:{name}" for name in NAMES), jobs=2))
    return {target.name: target.findings[0] for target in report.targets}


@pytest.mark.parametrize(
    ("name", "line", "marked", "evidence"),
    [
        (
            "dense_backward",
            "    d_offset = up.mean(axis=0)",
            "up.mean(axis=0)",
            "With `up.sum(axis=0)` in its place grad_offset is right on all 4 samples.",
        ),
    ],
)
def test_the_line_is_found_where_one_change_makes_it_right(findings, name, line, marked, evidence):
    """With the part of it that is another then."""
    found = findings[name]
    assert (found.text, found.text[found.column - 1 : found.end - 1], found.evidence) == (line, marked, evidence)


def test_no_line_is_told_where_no_single_change_helps(findings):
    """A term too much and one too few."""
    assert (findings["smooth_backward"].line, findings["smooth_backward"].evidence) == (None, "")
