"""`run --backward FILE:NAME`: the user's backward on the pictures."""

import pytest

import gradcheck_cli
from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import TargetError
from helpers import IMAGES

SOURCE = """
import numpy as np

def backward(x, w, dout):
    {first}
    kh, kw = w.shape[2:]
    dw, dx = np.zeros_like(w), np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dw += np.einsum("no,ncuv->ocuv", dout[:, :, i, j], x[:, :, i:i + kh, j:j + kw])
            dx[:, :, i:i + kh, j:j + kw] += np.einsum("no,ocuv->ncuv", dout[:, :, i, j], w)
    return dx, {weight}, dout.sum(axis=(0, 2, 3))
"""
LAYER = {"kernel_size": 5, "size": 20, "threads": 1}


@pytest.fixture
def judged(tmp_path):
    """The report on coffee.jpg for a backward with this first line and this grad_weight."""

    def run(first="", weight="dw", **options):
        file = tmp_path / "user.py"
        file.write_text(SOURCE.format(first=first, weight=weight))
        return gradcheck_cli.run(IMAGES / "coffee.jpg", backward=f"{file}:backward", **LAYER, **options)

    return run


def test_a_right_backward_passes(judged):
    """No finding, no note about it."""
    report = judged()

    assert report.verdict is Verdict.PASS
    assert report.findings == ()


def test_a_wrong_backward_has_the_findings_of_verify(judged):
    """The picture shows it, the small geometries name it."""
    report = judged(weight="dw[..., ::-1, ::-1]")

    assert report.exit_code == 1
    assert [(found.id, found.gradient, found.certainty) for found in report.findings] == [
        ("kernel-rotated", "weight", "proved")
    ]
    assert report.counterexample is not None


def test_what_one_picture_hides_is_told(judged):
    """N = 1 hides the division by the batch size; the small geometries of `verify` do not, so the code is wrong."""
    report = judged(weight="dw / len(x)")

    assert report.exit_code == 1
    assert "Code: wrong: " in report.answer
    assert [found.id for found in report.findings] == ["batch-mean"]
    assert any("right on these pictures, but wrong elsewhere (batch-mean)" in note for note in report.notes)


def test_a_crash_on_the_picture_alone_is_a_finding(judged):
    """The small geometries are all right, and the error is that of the picture."""
    report = judged(first="if x.shape[2] == 20: [][1]")

    assert report.exit_code == 1
    assert [(found.id, found.line) for found in report.findings] == [("crashes", 5)]
    assert "(1, 3, 20, 20)" in report.findings[0].message


def test_a_call_that_hangs_is_waited_for_once(judged):
    """The limit is named."""
    report = judged(first="while x.shape[2] == 20: pass", timeout=4.0)

    assert [found.id for found in report.findings] == ["too-slow"]
    assert "No answer within 4 s" in report.findings[0].message


def test_a_refused_geometry_cannot_be_checked(judged):
    """Not a failure: the function says what it takes."""
    with pytest.raises(TargetError, match="does not take this geometry: AssertionError: 3x3 only"):
        judged(first="assert w.shape[2] == 3, '3x3 only'")
