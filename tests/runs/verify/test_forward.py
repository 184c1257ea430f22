"""The target's own forward: where it computes something else than it is told, that is a finding."""

import textwrap

import pytest
from answering import Answering, session_of

from gradcheck_cli.model import ConvSpec, Gradients, Verdict, VerifyOptions
from gradcheck_cli.report.page import page_of
from gradcheck_cli.runs.verify import verify_targets
from gradcheck_cli.runs.verify.forward import not_held_against
from gradcheck_cli.runs.verify.target import judge
from gradcheck_cli.targets import Described, Outcome, TargetRef
from helpers import verified

DESCRIBED = Described("class", "NCHW", "its forward gives our O exactly", 3, ("weight", "input", "bias"))
REF = TargetRef("user.py:Layer", "user.py", "Layer", 3)
ASKED = tuple(
    ConvSpec(2, 3, 4, 9, 8, (3, 3), (step, step), (margin, margin)) for step, margin in ((1, 0), (2, 0), (1, 1), (3, 1))
)


@pytest.mark.parametrize(
    ("against", "is_itself"),
    [
        ("", True),
        ("torch.nn.functional.conv2d", True),
        ("torch.conv2d", True),
        ("torch.nn.Conv2d", True),
        ("torch.nn.functional.conv1d", False),
        ("mine.py:conv2d", False),
        ("conv2d", False),
    ],
)
def test_another_forward_than_the_convolution_itself_was_not_asked(against, is_itself):
    """Only torch's own convolution is what the definition is."""
    notes = not_held_against(against, "conv2d")
    said = f"it was judged as a convolution (conv2d), by its definition: --against {against} was not asked"
    assert notes == (() if is_itself else (said,))


def test_a_convolution_that_was_not_held_against_what_was_asked_has_not_passed():
    """Its gradients are right, and the question was another."""
    report = answered(lambda asked: Outcome(asked.gradients), against="mine.py:other")

    assert report.verdict is Verdict.INCONCLUSIVE
    assert "--against mine.py:other was not asked" in report.notes[-1]
    assert answered(lambda asked: Outcome(asked.gradients)).verdict is Verdict.PASS


def answered(answer, **options):
    """The report of a layer that was asked these geometries; `answer` makes the outcome of a question.

    As `verify` does, it is then asked those that tell the fitting conditions apart.
    """
    session = session_of(Answering(answer), DESCRIBED)
    session.try_all(ASKED)
    session.try_deciding()
    session.try_further()
    return judge(REF, session.finished(), VerifyOptions(("user.py:Layer",), **options))


def ignores_stride(asked):
    """Right where the stride is 1; elsewhere its forward is that of stride 1."""
    if asked.case.spec.stride == (1, 1):
        return Outcome(asked.gradients)
    given = "(2, 4, 7, 6) where fewer are right"
    return Outcome(Gradients(), supported=False, error_kind="refused", wrong_forward=given)


def test_a_forward_that_ignores_its_stride_is_a_finding_and_no_refusal():
    """With the simplest geometry, what it gives there, and the condition; gradients are judged where they can be."""
    report = answered(ignores_stride)
    (finding,) = report.findings

    assert report.verdict is Verdict.FAIL
    assert ("wrong-forward", "proved", "stride > 1") == (finding.id, finding.certainty, finding.fails_when)
    assert "At stride 2 its own forward gives (2, 4, 7, 6) where fewer are right." == finding.message
    assert (10, 10, 6) == (report.geometries.tried, report.geometries.supported, report.geometries.right)
    assert {Verdict.PASS} == {result.verdict for result in report.gradients.values()}
    assert report.counterexample is None


def test_what_a_target_refuses_says_nothing_of_its_forward():
    """Refused geometries make neither a finding nor a condition."""

    def refuses_padding(asked):
        if asked.case.spec.padding == (1, 1):
            return Outcome(Gradients(), supported=False, error="no padding", error_kind="refused")
        return ignores_stride(asked)

    (finding,) = answered(refuses_padding).findings
    assert "stride > 1" == finding.fails_when
    assert () == answered(lambda asked: Outcome(asked.gradients)).findings


def test_right_gradients_beside_a_forward_with_other_numbers_pass_with_a_note(tmp_path):
    """The function was asked for its gradients; that its forward forgets the stride is worth a remark."""
    file = tmp_path / "pair.py"
    file.write_text(
        textwrap.dedent("""
        import numpy as np

        def conv_forward(x, w, stride=1):
            seen = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
            return np.einsum("nchwuv,fcuv->nfhw", seen, w)

        def conv_backward(g, x, w, stride=1):
            dx, dw = np.zeros(x.shape), np.zeros(w.shape)
            for i in range(g.shape[2]):
                for j in range(g.shape[3]):
                    at = np.s_[:, :, i * stride:i * stride + w.shape[2], j * stride:j * stride + w.shape[3]]
                    dw += np.einsum("nf,ncuv->fcuv", g[:, :, i, j], x[at])
                    dx[at] += np.einsum("nf,fcuv->ncuv", g[:, :, i, j], w)
            return dx, dw
        """)
    )
    (report,) = verify_targets(VerifyOptions((f"{file}:conv_backward",))).targets
    (note,) = [note for note in report.notes if "conv_forward" in note]

    assert report.verdict is Verdict.PASS
    assert note.startswith(
        "conv_forward gives something else than the convolution of these gradients when stride > 1 (on "
    )
    assert report.scope == "weight and input, not its forward"


# Window number t of an image with other numbers of rows than columns: `//` and `%` by the rows, by which it is wrong.
SQUARE_ONLY = """
import numpy as np

def correlate(img, ker, step):
    kh, kw = ker.shape[2:]
    rows = (img.shape[2] - kh) // step + 1
    cols = (img.shape[3] - kw) // step + 1
    out = {made}
    for t in range(rows * cols):
        r, c = t // rows, t % rows
        patch = {padded}[:, :, r * step : r * step + kh, c * step : c * step + kw]
        out[:, :, r, c] = np.tensordot(patch, ker, ((1, 2, 3), (1, 2, 3)))
    return out[:, :, :rows, :cols]

def correlate_backward(up, img, ker, step):
    kh, kw = ker.shape[2:]
    d_img, d_ker = np.zeros_like(img), np.zeros_like(ker)
    for r in range(up.shape[2]):
        for c in range(up.shape[3]):
            at = np.s_[:, :, r * step : r * step + kh, c * step : c * step + kw]
            d_ker += np.tensordot(up[:, :, r, c], img[at], ((0,), (0,)))
            d_img[at] += np.tensordot(up[:, :, r, c], ker, ((1,), (0,)))
    return d_img, d_ker
"""
ROOM = "np.zeros((img.shape[0], ker.shape[0], {size}, {size}))"


def square_only(tmp_path, size, padded="img"):
    """The report of a right backward beside a forward that is right on square images alone."""
    (report,) = verified(
        tmp_path, SQUARE_ONLY.format(made=ROOM.format(size=size), padded=padded), "correlate_backward"
    ).targets
    return report


def test_a_forward_that_raises_off_the_square_is_said_in_the_first_line_of_the_pass(tmp_path):
    """The backward is right, and the word beside the verdict says that its forward is not."""
    report = square_only(tmp_path, "max(rows, cols)")
    (note,) = report.notes

    assert (Verdict.PASS, "weight and input, not its forward") == (report.verdict, report.scope)
    assert note.startswith("correlate raises when the output is not square (on ")
    assert "(line 12)" in note


def test_a_forward_that_is_silently_wrong_off_the_square_is_a_finding(tmp_path):
    """It is the convolution on square images and has the right shape on others: there the backward is not its own."""
    wide = "np.pad(img, ((0, 0), (0, 0), (0, 200), (0, 200)))"
    report = square_only(tmp_path, "rows * cols + 1", wide)
    (finding,) = report.findings

    assert ("wrong-forward", "proved", "call", 4) == (finding.id, finding.certainty, finding.gradient, finding.line)
    assert "correlate gives other numbers than the convolution on " in finding.message
    assert Verdict.FAIL is report.verdict
    assert {Verdict.PASS} == {report.gradients[name].verdict for name in ("weight", "input")}


def test_an_activation_in_the_forward_is_no_contradiction(tmp_path):
    """Where no sum is negative it gives the convolution's numbers, elsewhere others: G is that of the sums."""
    file = tmp_path / "pair.py"
    file.write_text(
        SQUARE_ONLY.format(made=ROOM.format(size="rows * cols + 1"), padded="img")
        .replace("t // rows, t % rows", "t // cols, t % cols")
        .replace("return out[:, :, :rows, :cols]", "return np.maximum(out[:, :, :rows, :cols], 0)")
    )
    (report,) = verify_targets(VerifyOptions((f"{file}:correlate_backward",))).targets

    assert () == report.findings
    assert "not its forward" not in report.scope


PAIR = """
import numpy as np

def conv_forward(x, w, b):
    seen = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    out = np.zeros((x.shape[0], w.shape[0], *seen.shape[2:4]))
    for o in range(w.shape[0]):
        {body}
    return out, (x, w, b)

def conv_backward(g, cache):
    x, w, b = cache
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            at = np.s_[:, :, i:i + w.shape[2], j:j + w.shape[3]]
            dw += np.einsum("nf,ncuv->fcuv", g[:, :, i, j], x[at])
            dx[at] += np.einsum("nf,fcuv->ncuv", g[:, :, i, j], w)
    return dx, dw, {db}
"""


def judged_pair(folder, body, db="g.sum((0, 2, 3))"):
    """The report of a pair whose forward computes an output channel like this."""
    return verified(folder, PAIR.format(body=body, db=db), "conv_backward", file="pair.py").targets[0]


@pytest.mark.parametrize(
    ("body", "each"),
    [
        ("out[:, o] = (seen * w[o][:, None, None] + b[o]).sum((1, 4, 5))", "once for each product of the window"),
        (
            "for c in range(x.shape[1]):\n            out[:, o] += (seen[:, c] * w[o, c]).sum((3, 4)) + b[o]",
            "once for each channel",
        ),
    ],
)
def test_a_bias_that_is_added_inside_of_the_sum_is_a_wrong_forward(tmp_path, body, each):
    """The gradients are those of a convolution, grad_bias is not that of what this forward computes."""
    report = judged_pair(tmp_path, body)
    (finding,) = report.findings
    assert report.verdict is Verdict.FAIL
    assert {Verdict.PASS} == {result.verdict for result in report.gradients.values()}
    assert ("wrong-forward", "proved") == (finding.id, finding.certainty)
    assert each in finding.message
    assert finding.text == "def conv_forward(x, w, b):"
    assert finding.fix == "Add b once in conv_forward, outside of the sum: `(window * F).sum() + b`."
    assert not [note for note in report.notes if "gives other numbers" in note]


def test_a_bias_that_is_added_once_is_not_spoken_of(tmp_path):
    """The same pair, mended."""
    report = judged_pair(tmp_path, "out[:, o] = (seen * w[o][:, None, None]).sum((1, 4, 5)) + b[o]")
    assert (report.verdict, report.findings) == (Verdict.PASS, ())


def test_nothing_is_said_of_the_forward_where_grad_bias_may_belong_to_it(tmp_path):
    """It counts the products too; which of the two is meant nobody knows."""
    body = "out[:, o] = (seen * w[o][:, None, None] + b[o]).sum((1, 4, 5))"
    report = judged_pair(tmp_path, body, "w[0].size * g.sum((0, 2, 3))")
    assert "wrong-forward" not in {finding.id for finding in report.findings}


MARGIN = """
import numpy as np

def correlate(x, w, stride=1, pad=PAD):
    n, _, h, wide = x.shape
    f, _, kh, kw = w.shape
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((n, f, (h + 2 * pad - kh) // stride + 1, (wide + 2 * pad - kw) // stride + 1))
    for i, j in np.ndindex(out.shape[2:]):
        window = x[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
        out[:, :, i, j] = np.einsum("nchw,fchw->nf", window, w)
    return out

def correlate_backward(dout, x, w):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i, j in np.ndindex(dout.shape[2:]):
        place = np.s_[:, :, i : i + w.shape[2], j : j + w.shape[3]]
        dw += np.einsum("nf,nchw->fchw", dout[:, :, i, j], x[place])
        dx[place] += np.einsum("nf,fchw->nchw", dout[:, :, i, j], w)
    return dx, dw
"""


@pytest.mark.parametrize(("pad", "verdict"), [("0", Verdict.PASS), ("1", Verdict.FAIL)])
def test_a_backward_owes_the_margin_that_its_forward_adds_where_nothing_is_said(tmp_path, pad, verdict):
    """It cannot be told one: what it does not know of is said, and is a failure where every plain call needs it."""
    report = verified(tmp_path, MARGIN.replace("PAD", pad), "correlate_backward", file="margin.py").targets[0]
    assert report.verdict is verdict
    said = f"correlate can be told its padding ({pad} by default) and stride (1 by default), correlate_backward cannot"
    assert said in report.notes
    assert {found.fails_when for found in report.findings} == ({"padding > 0"} if pad == "1" else set())


def test_a_backward_that_is_handed_the_padded_input_owes_no_margin(tmp_path):
    """Whoever calls it has padded before: its x is another than that of the forward."""
    file = tmp_path / "margin.py"
    code = MARGIN.replace("PAD", "1").replace("(dout, x, w)", "(dout, x_pad, w)").replace("_like(x)", "_like(x_pad)")
    file.write_text(code.replace("x[place])", "x_pad[place])"), encoding="utf-8")
    assert verify_targets(VerifyOptions((f"{file}:correlate_backward",))).targets[0].verdict is Verdict.PASS


IN_SINGLE = """
import numpy as np

def widen_forward(x, w, stride=2):
    n, c, h, v = x.shape
    o, (kh, kw) = w.shape[1], w.shape[2:]
    out = np.zeros((n, o, (h - 1) * stride + kh, (v - 1) * stride + kw)FORWARD)
    for i in range(h):
        for j in range(v):
            spot = out[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            spot += np.einsum("nc,couv->nouv", x[:, :, i, j], w)
    return out

def widen_backward(x, w, grad_out, stride=2):
    kh, kw = w.shape[2:]
    grad_out = grad_out.astype(np.float32)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            spot = grad_out[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            dx[:, :, i, j] = np.einsum("nouv,couv->nc", spot, w)
            dw += np.einsum("nc,nouv->couv", x[:, :, i, j], spot)
    return dx, dw
"""


@pytest.mark.parametrize(("dtype", "verdict"), [(", dtype=np.float32", "pass"), ("", "fail")])
def test_float32_is_no_mistake_of_a_backward_whose_forward_gives_float32(tmp_path, dtype, verdict):
    """Hidden in the backward alone it is one."""
    (report,) = verified(tmp_path, IN_SINGLE.replace("FORWARD", dtype), "widen_backward", file="widen.py").targets
    assert report.verdict == verdict
    assert ("computed in float32; right to its rounding" in report.notes) is (verdict == "pass")
    assert {finding.id for finding in report.findings} == (set() if verdict == "pass" else {"single-precision"})


def test_an_option_that_the_forward_ignores_is_named(tmp_path):
    """Of a transposed layer its output padding too: at the same stride without one it is right."""
    file = tmp_path / "up.py"
    file.write_text("""
import torch
import torch.nn.functional as F

class ConvTranspose:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, output_padding=0):
        self.stride, self.extra = stride, output_padding
        self.weight = torch.zeros(in_channels, out_channels, kernel_size, kernel_size)

    def forward(self, x):
        self.x = x
        return F.conv_transpose2d(x, self.weight, stride=self.stride)

    def backward(self, g):
        windows = F.unfold(g, self.weight.shape[2:], stride=self.stride)
        self.grad_weight = (self.x.flatten(2) @ windows.transpose(1, 2)).sum(0).view_as(self.weight)
        return F.conv2d(g, self.weight, stride=self.stride)
""")
    (report,) = verify_targets(VerifyOptions((f"{file}:ConvTranspose",))).targets
    (finding,) = [found for found in report.findings if found.id == "wrong-forward"]
    assert finding.message.startswith("At stride 3, output padding 2 its own forward gives")
    assert finding.fails_when == "output padding > 0"


def test_what_code_of_lines_returns_in_another_shape_is_shown_in_that(tmp_path):
    """Its arrays have no rows; what came back may have as many axes as it likes, and is no reason to raise."""
    file = tmp_path / "line.py"
    file.write_text("""
import numpy as np

def conv1d_backward(g, x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2], 2)
    dx = np.zeros_like(x)
    for t in range(g.shape[2]):
        dx[:, :, t : t + w.shape[2]] += np.einsum("no,oik->nik", g[:, :, t], w)
    return dx, np.einsum("not,nitk->otik", g, windows)
""")
    report = verify_targets(VerifyOptions((f"{file}:conv1d_backward",)))
    (finding,) = report.targets[0].findings
    assert finding.id == "wrong-shape"
    n, o, shape = (int(part) for part in finding.message.partition("where (")[2].partition(")")[0].split(","))
    assert f"({n}, {o}, {shape}) is right" in finding.message
    assert page_of(report).sections
