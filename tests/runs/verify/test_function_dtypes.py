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


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Target's name -> its report."""
    file = tmp_path_factory.mktemp("dtypes") / "kernels.py"
    file.write_text(FUNCTIONS)
    return {target.name: target for target in verify_targets(VerifyOptions((str(file),), jobs=1)).targets}


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
