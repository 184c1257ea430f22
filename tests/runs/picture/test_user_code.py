"""`run --backward FILE:NAME`: the user's backward on the pictures."""

import pytest

import gradcheck_cli
from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import TargetError, UnrecognisedError
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


def test_what_is_no_convolution_is_shown_the_way_to_verify(tmp_path):
    """A backward of another layer is judged there; a picture judges convolutions."""
    file = tmp_path / "user.py"
    file.write_text("def sigmoid_backward(dout, s):\n    return {'s': dout * s.item() * (1 - s)}\n")
    with pytest.raises(UnrecognisedError) as raised:
        gradcheck_cli.run(IMAGES / "coffee.jpg", backward=f"{file}:sigmoid_backward", **LAYER)
    assert raised.value.text().splitlines()[-1] == (
        f"  see:  gradcheck verify {file}:sigmoid_backward (run judges convolutions, verify any function)"
    )


def test_a_refused_geometry_cannot_be_checked(judged):
    """Not a failure: the function says what it takes."""
    with pytest.raises(TargetError, match="does not take this geometry: AssertionError: 3x3 only"):
        judged(first="assert w.shape[2] == 3, '3x3 only'")


LINE = """
import numpy as np

def signal_backward(x, w, dout):
    taps = w.shape[-1]
    windows = np.stack([x[..., u : u + dout.shape[-1]] for u in range(taps)], axis=-1)
    dw = np.einsum("not,nctu->ocu", dout, windows)
    dx = np.zeros_like(x)
    for u in range(taps):
        dx[..., u : u + dout.shape[-1]] += np.einsum("not,oc->nct", dout, w[..., u])
    return dx, {weight}, dout.sum(axis=(0, 2))
"""
UPSAMPLED = """
import numpy as np

def deconv_backward(grad_out, x, weight, stride=1):
    rows, columns = weight.shape[2:]
    dx, dw = np.zeros_like(x), np.zeros_like(weight)
    for p in range(x.shape[2]):
        for q in range(x.shape[3]):
            met = grad_out[:, :, p * stride : p * stride + rows, q * stride : q * stride + columns]
            dx[:, :, p, q] = np.einsum("nouv,iouv->ni", met, weight)
            dw += np.einsum("ni,nouv->iouv", x[:, :, p, q], {met})
    return dx, dw, grad_out.sum(axis=(0, 2, 3))
"""
FORMS = {
    "conv1d": (LINE, "signal_backward", {"conv": "conv1d"}),
    "conv_transpose2d": (UPSAMPLED, "deconv_backward", {"conv": "conv_transpose2d", "stride": 2, "size": 6}),
}


def of_form(tmp_path, name, **filled):
    """The report on coffee.jpg for a backward of that form."""
    source, function, options = FORMS[name]
    (tmp_path / "mine.py").write_text(source.format(**filled))
    return gradcheck_cli.run(
        IMAGES / "coffee.jpg", backward=f"{tmp_path / 'mine.py'}:{function}", **{**LAYER, "kernel_size": 3, **options}
    )


@pytest.mark.parametrize(("name", "filled"), [("conv1d", {"weight": "dw"}), ("conv_transpose2d", {"met": "met"})])
def test_a_right_backward_of_another_form_passes(tmp_path, name, filled):
    """On the pictures, and on the small geometries of its form."""
    report = of_form(tmp_path, name, **filled)

    assert Verdict.PASS == report.verdict, report.answer
    assert () == report.findings


def test_a_wrong_backward_of_one_axis_is_named(tmp_path):
    """And its worst entry has the axes of the user's array."""
    report = of_form(tmp_path, "conv1d", weight="dw[..., ::-1]")

    assert [("kernel-rotated", "weight", "proved")] == [
        (found.id, found.gradient, found.certainty) for found in report.findings
    ]
    wrong = next(check for check in report.checks if check.name == "exact" and check.gradient == "weight")
    assert 3 == len(wrong.worst.index)


def test_a_wrong_transposed_backward_is_not_a_pass(tmp_path):
    """Whatever it is called."""
    report = of_form(tmp_path, "conv_transpose2d", met="met[..., ::-1, ::-1]")

    assert Verdict.FAIL == report.verdict
    assert report.findings


def test_code_of_another_form_cannot_be_checked(tmp_path):
    """It is asked nothing that it cannot be meant for."""
    (tmp_path / "mine.py").write_text(LINE.format(weight="dw"))

    with pytest.raises(
        TargetError, match="does not take this geometry: it is a backward of conv1d, not of conv2d"
    ) as caught:
        gradcheck_cli.run(IMAGES / "coffee.jpg", backward=f"{tmp_path / 'mine.py'}:signal_backward", **LAYER)

    assert caught.value.hint.startswith("probably another --conv, ")
