"""A module of torch, and a free function that is its backward."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.listing import layers_in
from gradcheck_cli.targets.resolve import definitions

FILE = """
import torch


class RootNorm(torch.nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.eps = eps
        self.gain = torch.nn.Parameter(torch.ones(width))

    def forward(self, rows):
        return rows * torch.rsqrt(rows.square().mean(dim=-1, keepdim=True) + self.eps) * self.gain


def rootnorm_backward(grad_output, rows, gain, eps):
    root = torch.rsqrt(rows.square().mean(dim=-1, keepdim=True) + eps)
    grad = grad_output * gain
    lost = (grad * rows).mean(dim=-1, keepdim=True)
    return root * grad - rows * root ** 3 * lost, (grad_output * rows * root).reshape(-1, rows.shape[-1]).sum(dim=0)


def sum_forward(a, b):
    return a + b, None


def sum_backward(dout, cache):
    return dout, dout
"""


@pytest.fixture
def judged(tmp_path):
    """From a text to the report of its norm."""

    def judge(text):
        file = tmp_path / "norm.py"
        file.write_text(text)
        return function_here(f"{file}:rootnorm_backward")

    return judge


def test_it_is_judged_by_the_module_s_forward(judged):
    """Both are handed what the module learns, and the backward the eps that the module was made with."""
    report = judged(FILE)
    assert report.verdict is Verdict.PASS
    assert set(report.gradients) == {"rows", "gain"}


def test_a_sum_for_a_mean_in_it_is_named(judged):
    """At the line of the module's forward."""
    report = judged(FILE.replace("(grad * rows).mean(", "(grad * rows).sum("))
    assert {each.id for each in report.findings} == {"mean-for-sum"}
    assert report.gradients["gain"].verdict is Verdict.PASS


def test_it_is_a_row_beside_other_pairs():
    """Both are judged where the file alone is named."""
    assert set(layers_in(definitions(ast.parse(FILE)))) == {"rootnorm_backward", "sum_backward"}
