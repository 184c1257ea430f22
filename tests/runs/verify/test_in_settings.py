"""The same target in other number formats, memory formats and modes."""

from pathlib import Path

import pytest

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.oracles.in_setting import available_devices
from gradcheck_cli.runs.verify import verify_targets

LAYER = """
import torch
from torch.nn import functional as F

class Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return F.conv2d(x, weight, bias)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        columns, rows = F.unfold(x, weight.shape[2:]), grad.flatten(2)
        grad_weight = torch.einsum("nol,nkl->ok", rows, columns).view_as(weight)
        grad_columns = torch.einsum("ok,nol->nkl", weight.flatten(1), rows)
        return F.fold(grad_columns, x.shape[2:], weight.shape[2:]), grad_weight, BIAS
"""
RIGHT = LAYER.replace("BIAS", "grad.sum((0, 2, 3))")
# A kernel that adds what it reads to its result, one after the other: in bfloat16, 256 + 1 is 256.
STOPPING = (
    LAYER.replace("BIAS", "added(grad)")
    + """

def added(grad):
    total = grad.new_zeros(grad.shape[1])
    for number in grad.transpose(0, 1).flatten(1).unbind(1):
        total = total + number
    return total
"""
)
# Right where the memory of G is contiguous: it reads G in the order in which it lies.
BY_MEMORY = LAYER.replace("BIAS", "grad.as_strided(grad.shape, torch.empty(grad.shape).stride()).sum((0, 2, 3))")
IN_NUMPY = """
import numpy as np

def conv_backward(grad_output, x, weight):
    kh, kw = weight.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))
    return np.einsum("nopq,nipquv->oiuv", grad_output, windows)
"""


@pytest.fixture
def verified(tmp_path, monkeypatch):
    """The report on one target, asked on one geometry."""
    monkeypatch.chdir(tmp_path)

    def verify(code, **settings):
        Path("mine.py").write_text(code)
        geometry = "batch 2, in 3, out 4, input 8x7, kernel 3x3"
        (report,) = verify_targets(VerifyOptions(("mine.py",), geometry=geometry, **settings)).targets
        return report

    return verify


def told(report):
    """(gradient, verdict, level) of each row."""
    return [(row.gradient, row.verdict, row.level) for row in report.settings]


def test_a_bias_in_bfloat16_that_stops_at_256(verified):
    """Right in float64; the number where it stops is told, and that float32 sums are meant."""
    report = verified(STOPPING, dtype="bfloat16")

    assert report.verdict is Verdict.FAIL
    assert {name: result.verdict for name, result in report.gradients.items()}["bias"] is Verdict.PASS
    (finding,) = report.findings
    assert (finding.id, finding.gradient, finding.certainty) == ("accumulates-in-low-precision", "bias", "proved")
    assert finding.message.startswith("grad_bias accumulates in bfloat16: stops at 256 where ")
    assert finding.fails_when == "in bfloat16 on cpu"
    assert told(report)[:2] == [(name, Verdict.PASS, "rounded once") for name in ("weight", "input")]


def test_a_right_one_is_right_in_every_setting_that_is_asked_for(verified):
    """As right as torch in bfloat16; bit for bit where only the memory is another."""
    assert verified(RIGHT, dtype="bfloat16").verdict is Verdict.PASS
    report = verified(RIGHT, dtype="float32", memory_format="channels_last", deterministic=True)

    assert report.verdict is Verdict.PASS
    assert told(report) == [(name, Verdict.PASS, "bit for bit") for name in ("weight", "input", "bias")]


def test_code_that_reads_memory_in_its_order_is_wrong_in_channels_last(verified):
    """No rounding: other numbers are added up."""
    report = verified(BY_MEMORY, memory_format="channels_last")

    assert report.verdict is Verdict.FAIL
    assert told(report)[2] == ("bias", Verdict.FAIL, "not rounding")
    assert report.reason.startswith("in float64 on cpu, channels_last, grad_bias: ")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"tf32": "on"}, "float32 on cpu, tf32: cpu has no TF32"),
        ({"device": "mps"}, "float32 on mps: this torch has no mps: it has cpu"),
    ],
)
def test_what_the_machine_does_not_have_is_no_pass(verified, settings, why):
    """Right in float32, which is not what was asked."""
    if "mps" in settings.values() and "mps" in available_devices():
        pytest.skip("this machine has it")
    report = verified(RIGHT, dtype="float32", **settings)

    assert (report.verdict, told(report)) == (Verdict.INCONCLUSIVE, [("call", Verdict.NOT_APPLICABLE, "")])
    assert any(note.startswith(why) for note in report.notes)


def test_what_numpy_does_not_have_is_no_pass(verified):
    """Refused with the reason; float16 it has."""
    report = verified(IN_NUMPY, dtype="bfloat16")
    assert (report.verdict, told(report)) == (Verdict.INCONCLUSIVE, [("call", Verdict.NOT_APPLICABLE, "")])
    assert "bfloat16 on cpu: it takes arrays of numpy, which has no bfloat16" in report.notes

    report = verified(IN_NUMPY, dtype="float32")
    assert (report.verdict, told(report)) == (Verdict.PASS, [("weight", Verdict.PASS, "bit for bit")])


def test_what_is_wrong_as_it_is_is_asked_in_no_other_setting(verified):
    """Its mistake has its own name already."""
    report = verified(IN_NUMPY.replace("windows)", "windows) / len(x)"), dtype="float32")

    assert [finding.id for finding in report.findings] == ["batch-mean"]
    assert report.notes[-1] == "float32 on cpu: not asked: it is right on no geometry in float64"


SQUARE = """
import torch

class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        return %s
"""
COUNTED = """
import torch

class Shift(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, shift):
        return x + shift

    @staticmethod
    def backward(ctx, grad):
        total = torch.zeros_like(grad[0])
        for row in grad:
            total = total + row
        return grad, total
"""
PAIR = """
def double_forward(x):
    return 2 * x, None

def double_backward(dout, cache):
    return 2 * dout
"""


@pytest.fixture
def function(tmp_path, monkeypatch):
    """The one function of a text, judged with options."""
    monkeypatch.chdir(tmp_path)

    def judged(text, **options):
        Path("mine.py").write_text(text)
        (report,) = verify_targets(VerifyOptions(("mine.py",), **options)).targets
        return report

    return judged


def test_a_function_is_asked_in_a_setting_beside_plain_code(function):
    """In bfloat16 two roundings are what plain code has too."""
    report = function(SQUARE % "2 * ctx.saved_tensors[0] * grad", dtype="bfloat16")

    assert report.verdict is Verdict.PASS
    assert told(report) == [("x", Verdict.PASS, "as plain code")]


def test_a_function_that_loses_terms_fails_where_it_was_asked_for_few_bits(function):
    """Its sum over the batch is right in float32, and stops growing in bfloat16; nobody asked that of it in float64."""
    report = function(COUNTED, dtype="bfloat16")

    assert report.verdict is Verdict.FAIL
    assert told(report)[1] == ("shift", Verdict.FAIL, "accumulates in low precision")
    assert [(each.id, each.gradient) for each in report.findings] == [("accumulates-in-low-precision", "shift")]


def test_all_settings_of_a_function_are_a_table(function):
    """The plain one as it was judged; what a function is not asked in is told, and does not fail it."""
    report = function(SQUARE % "2 * ctx.saved_tensors[0] * grad", settings="all")
    rows = {row.setting: row.verdict for row in report.settings}

    assert report.verdict is Verdict.PASS
    assert [name for name, verdict in rows.items() if verdict is not Verdict.PASS] == ["float32 on cpu, compile"]
    assert {"float64 on cpu", "bfloat16 on cpu", "float32 on cpu, autocast-bfloat16"} <= rows.keys()


def test_another_formula_in_few_bits_is_no_rounding(function):
    """A branch on the dtype hides it in float64."""
    wrong = "(2 if grad.dtype == torch.float64 else 3) * ctx.saved_tensors[0] * grad"
    report = function(SQUARE % wrong, dtype="float32")

    assert (report.verdict, told(report)) == (Verdict.FAIL, [("x", Verdict.FAIL, "not rounding")])


@pytest.mark.parametrize(
    ("text", "said"),
    [(PAIR, "not asked: it takes arrays of numpy"), (SQUARE % "grad", "not asked: it is not right in float64")],
)
def test_a_function_that_is_not_asked_so_does_not_pass(function, text, said):
    """Nothing was compared in that setting."""
    report = function(text, dtype="float32")

    assert report.verdict is not Verdict.PASS
    assert told(report) == [("call", Verdict.NOT_APPLICABLE, "")]
    assert f"float32 on cpu: {said}" in report.notes[-1]


def test_autocast_is_for_forwards(verified):
    """A backward alone has none; one that mixes formats under it raises, which is a failure where it was asked for."""
    assert verified(IN_NUMPY, autocast="bfloat16").notes[-1].endswith("a torch.autograd.Function")
    report = verified(RIGHT, dtype="float32", autocast="bfloat16")

    assert report.verdict is Verdict.FAIL
    assert told(report) == [("call", Verdict.ERROR, "raised")]
