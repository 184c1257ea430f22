"""A function that is wrong with one setting alone is said to be wrong with that."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

FUNCTIONS = """
import numpy as np
import torch

class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor=2.0):
        ctx.factor = factor
        return x * factor

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.factor

def shares_forward(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    out = e / np.sum(e, axis=axis, keepdims=True)
    return out, out

def shares_backward(dout, cache):
    return cache * (dout - np.sum(cache * dout, axis=-1, keepdims=True))

def turned_forward(x, axis=-1):
    return shares_forward(x, axis)

def turned_backward(dout, cache):
    return cache * (dout - np.sum(cache * dout, axis=0, keepdims=True))
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """From a target's name to its report; it runs in this process."""
    file = tmp_path_factory.mktemp("settings") / "own.py"
    file.write_text(FUNCTIONS)
    return lambda name: function_here(f"{file}:{name}")


def test_the_axis_that_a_backward_never_sees_is_the_condition(judged):
    """At its default it is right."""
    (finding,) = judged("shares_backward").findings
    assert finding.fails_when == "axis = 0"


def test_an_argument_without_an_entry_is_missed_only_where_it_is_given(judged):
    """Autograd takes one gradient for one argument, and refuses it where the factor is handed over as well."""
    report = judged("Scaled")
    assert report.gradients["x"].verdict is Verdict.PASS
    (finding,) = report.findings
    assert (finding.id, finding.fails_when) == ("wrong-count", "factor is given")


def test_a_change_may_mend_it_for_the_usual_settings_alone(judged):
    """No axis is right for all of them."""
    (finding,) = judged("turned_backward").findings
    assert (finding.text[finding.column - 1 : finding.end - 1], finding.fails_when) == ("0", "")
    assert finding.message.startswith(
        "grad_x is right on all 2 samples with the usual settings with `1` where `0` stands"
    )
    assert finding.evidence == "No other change was needed."
