"""Functions that compute in less than float64: judged by their forward in float64, to the rounding that they keep."""

import pytest

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

FUNCTIONS = """
import torch

class Upcast(torch.autograd.Function):
    @staticmethod
    def forward(ctx, score):
        chance = torch.sigmoid(score.float())
        ctx.save_for_backward(chance)
        return chance.to(score.dtype)

    @staticmethod
    def backward(ctx, up):
        (chance,) = ctx.saved_tensors
        return (up.float() * chance * (1 - chance)).to(up.dtype)

class Kernel(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows, gain):
        if rows.dtype not in (torch.float32, torch.float16):
            raise TypeError("fp32 and fp16 only")
        ctx.save_for_backward(rows, gain)
        return torch.tanh(rows) * gain

    @staticmethod
    def backward(ctx, up):
        rows, gain = ctx.saved_tensors
        flat = torch.tanh(rows)
        return up * gain * (1 - flat), (up * flat).sum(0)

class Lower(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows):
        mask = torch.ones(rows.shape[-1], rows.shape[-1], dtype=torch.float32).tril()
        ctx.mask = mask
        return rows @ mask

    @staticmethod
    def backward(ctx, up):
        return up @ ctx.mask.t()
"""


STEPS = """
import torch

class %(name)s(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows, shift):
        return rows + shift  # %(about)s

    @staticmethod
    def backward(ctx, up):
        total = torch.zeros_like(up[0])
        for row in up:
            total += row
        return up, total
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Target's name -> its report."""
    file = tmp_path_factory.mktemp("dtypes") / "kernels.py"
    file.write_text(FUNCTIONS)
    others = {"Meant": "for autocast to bfloat16", "Plain": "of a lesson"}
    files = [str(file)]
    for name, about in others.items():
        other = file.parent / f"{name}.py"
        other.write_text(STEPS % {"name": name, "about": about})
        files.append(f"{other}:{name}")
    return {target.name: target for target in verify_targets(VerifyOptions(tuple(files), jobs=1)).targets}


def test_a_sum_that_stops_growing_in_bfloat16_is_told(reports):
    """Right in float64 and float32, and off by half with 1,536 samples in bfloat16, where torch's own sum is right."""
    report = reports["Meant"]
    (finding,) = report.findings
    assert (finding.id, finding.gradient, finding.certainty) == ("accumulates-in-low-precision", "shift", "proved")
    assert {name: each.verdict for name, each in report.gradients.items()} == {
        "rows": Verdict.PASS,
        "shift": Verdict.FAIL,
    }
    rungs = {
        each.detail.split(",")[0]: each.verdict
        for each in report.evidence
        if each.rung == 4 and each.gradient == "shift"
    }
    assert rungs == {"in float32": Verdict.PASS, "in bfloat16": Verdict.FAIL}


def test_code_that_nobody_meant_for_few_bits_is_not_failed_for_them(reports):
    """It is told all the same."""
    report = reports["Plain"]
    assert report.verdict is Verdict.PASS
    assert any(note.endswith("(accumulates-in-low-precision)") for note in report.notes)
    assert report.power.untried == ()


def test_a_forward_in_float32_is_judged_by_itself_in_float64(reports):
    """Differences of what is rounded to float32 would know no derivative."""
    report = reports["Upcast"]
    assert report.verdict is Verdict.PASS
    assert "grad_score is computed in float32; right to its rounding" in report.notes


def test_code_that_takes_float32_alone_is_asked_in_float32(reports):
    """It says so itself, or mixes what it is given with constants of its own."""
    assert reports["Lower"].verdict is Verdict.PASS
    assert all(reports[name].why.endswith("all in float32") for name in ("Lower", "Kernel"))


def test_a_mistake_in_float32_is_named_all_the_same(reports):
    """The graph is that of float64, and the user's numbers are compared to float32's rounding."""
    report = reports["Kernel"]
    assert {name: each.verdict for name, each in report.gradients.items()} == {
        "rows": Verdict.FAIL,
        "gain": Verdict.PASS,
    }
    (finding,) = report.findings
    assert (finding.id, finding.certainty) == ("wrong-derivative", "proved")
    assert "1 - y for 1 - y^2" in finding.message
