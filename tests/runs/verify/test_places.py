"""Where in the user's file a mistake is found: by what raised, or by the one change of the text that makes it right."""

import re

import pytest

from gradcheck_cli.model import VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

# Right as it stands; each name puts one text in place of another.
RIGHT = """\
import numpy as np

def scaled(array, by):
    return array * by

def conv_backward(x, w, dout):
    K, L = w.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, dout.shape[2:], (2, 3))
    dw = scaled(np.einsum("nopq,ncuvpq->ocuv", dout, windows), 1)
    wide = np.pad(dout, ((0, 0), (0, 0), (K - 1, K - 1), (L - 1, L - 1)))
    around = np.lib.stride_tricks.sliding_window_view(wide, (K, L), (2, 3))
    dx = np.einsum("nohwuv,ocuv->nchw", around, w[:, :, ::-1, ::-1])
    return dx, dw, dout.sum(axis=(0, 2, 3))
"""
SLIPS = {
    "divided": ("dout, windows), 1)", "dout, windows), 1) / len(x)"),
    "negative": ("array * by", "-array * by"),
    "mean": ("dout.sum(", "dout.mean("),
    "two": (", dout, windows)", ", dout, windows)[:, :, ::-1, ::-1] / len(x) * 3"),
    "misspelt": ("(K - 1, K - 1), (L - 1, L - 1)", "(K - 1, K - 1), (L - 1, l - 1)"),
    "misread": ("w.shape[2:]", "w.shap[2:]"),
    "raises": ("    dx =", "    ä = w.shape[dout.shape[0]:][1]; dx ="),
}

# Wrong in the rows and in the columns, on a line each.
LOOPS = """\
import numpy as np

def conv_backward(x, w, dout):
    dw = np.zeros(w.shape)
    for p in range(dout.shape[2] - 1):
        for q in range(dout.shape[3] - 1):
            part = x[:, :, p:p + w.shape[2], q:q + w.shape[3]]
            dw += np.einsum("no,ncuv->ocuv", dout[:, :, p, q], part)
    return dw
"""


# Forgets the stride, and has a buffer for as many channels as there are filters: with more of them it raises.
BUFFER = """\
import numpy as np

def conv_backward(x, w, dout, stride):
    k, l = w.shape[2:]
    buffer = np.zeros((len(w), len(w), k, l))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            buffer[:, :w.shape[1]] += np.einsum("no,ncuv->ocuv", dout[:, :, i, j], x[:, :, i:i + k, j:j + l])
    return buffer[:, :w.shape[1]]
"""

# The sum over the rows and columns alone has a row for each image, which autograd adds up without a word.
SQUEEZED = """\
import torch

class Bias(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return torch.nn.functional.conv2d(x, weight, bias)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        dx = torch.nn.grad.conv2d_input(x.shape, weight, g)
        dw = torch.nn.grad.conv2d_weight(x, weight.shape, g)
        return dx, dw, g.sum((0, 2))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The first finding of each file."""
    folder = tmp_path_factory.mktemp("slips")
    for name, (right, wrong) in SLIPS.items():
        assert RIGHT.count(right) == 1
        (folder / f"{name}.py").write_text(RIGHT.replace(right, wrong))
    (folder / "loops.py").write_text(LOOPS)
    (folder / "buffer.py").write_text(BUFFER)
    names = (*SLIPS, "loops", "buffer")
    report = verify_targets(VerifyOptions(tuple(f"{folder / name}.py:conv_backward" for name in names)))
    return dict(zip(names, (target.findings[0] for target in report.targets), strict=True))


def marked(finding):
    """What stands above the caret."""
    return finding.text[finding.column - 1 : finding.end - 1]


@pytest.mark.parametrize(
    ("name", "line", "text", "evidence"),
    [
        ("divided", 9, "/ len(x)", "Without it grad_weight is right on all "),
        ("negative", 4, "-", "Without it grad_weight is right on all "),
        ("mean", 13, "dout.mean(axis=(0, 2, 3))", "With `dout.sum(axis=(0, 2, 3))` in its place grad_bias is right on"),
    ],
)
def test_the_change_that_makes_it_right_is_where_the_mistake_stood(name, line, text, evidence, found):
    """The caret stands below no more than what is another then, and the sentence says what was tried."""
    finding = found[name]
    assert (finding.line, marked(finding)) == (line, text)
    assert finding.evidence.startswith(evidence)
    assert finding.evidence.endswith(" geometries.")


def test_what_is_wrong_in_both_axes_is_marked_in_one_and_told_of_the_other(found):
    """Neither change alone makes it right."""
    finding = found["loops"]
    assert (finding.line, marked(finding)) == (5, "- 1")
    assert finding.evidence.startswith("Without it, and line 6 likewise, grad_weight is right on all ")


def test_two_slips_in_one_gradient_are_found_by_no_single_change(found):
    """No line is guessed, however much it looks like the mistake."""
    finding = found["two"]
    assert (finding.line, finding.column, finding.end, finding.text, finding.evidence) == (None, None, None, "", "")


def test_what_raised_is_marked(found):
    """Nothing needs to be tried, so nothing is said of it."""
    finding = found["raises"]
    assert (finding.id, finding.line) == ("crashes", 12)
    assert marked(finding) == "w.shape[dout.shape[0]:][1]"
    assert finding.evidence == ""


def test_a_change_that_ends_the_error_everywhere_is_told_of_the_line_that_raised(found):
    """It was tried: the name that looks like another one is only told where it makes the target right."""
    finding = found["misspelt"]
    assert (finding.id, finding.line, marked(finding)) == ("crashes", 10, "l")
    assert finding.evidence.startswith("With `L` in its place every gradient is right on all ")
    assert "is defined" not in finding.fix


def test_a_change_is_counted_where_the_call_still_raises_too(found):
    """With the stride in its place the buffer is as small as before."""
    finding = found["buffer"]
    assert finding.id == "stride-ignored"
    right, asked = re.search(
        r"is right on (\d+) of (\d+) geometries, and the call raises on the others", finding.evidence
    ).groups()
    assert 0 < int(right) < int(asked)


def test_a_change_whose_gradient_only_autograd_brings_into_shape_is_none(tmp_path):
    """`g.sum((2, 3))` would pass, as autograd sums its rows; what is told returns one number for each filter."""
    (tmp_path / "bias.py").write_text(SQUEEZED)
    report = verify_targets(VerifyOptions((f"{tmp_path}/bias.py:Bias",)))
    (finding,) = report.targets[0].findings
    assert "(0, 2, 3)" in finding.evidence
