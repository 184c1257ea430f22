"""Functions whose own code goes to bfloat16 or float16: the formula is judged without the casts, the rounding with."""

from pathlib import Path

import pytest

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

FUNCTIONS = """
import torch

class Squashed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows, gain):
        flat, scale = torch.tanh(rows.to(torch.bfloat16)), gain.to(torch.bfloat16)
        ctx.save_for_backward(flat, scale)
        ctx.kind = rows.dtype
        return (flat * scale).to(rows.dtype)

    @staticmethod
    def backward(ctx, up):
        flat, scale = ctx.saved_tensors
        up = up.to(torch.bfloat16)
        slope = %s
        return (up * scale * slope).to(ctx.kind), (up * flat).sum(0).to(ctx.kind)
"""
OTHERS = """
import torch

class Chances(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scores):
        chance = scores.half().softmax(-1)
        ctx.save_for_backward(chance)
        return chance.type_as(scores)

    @staticmethod
    def backward(ctx, up):
        chance, = ctx.saved_tensors
        small = up.half()
        return (chance * (small - (chance * small).sum(-1, keepdim=True))).type_as(up)

class Back(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scores):
        out = 1 / (1 + torch.exp(-scores))
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, up):
        out, = ctx.saved_tensors
        out = out.bfloat16()
        return (up.bfloat16() * out * (1 - out)).to(up.dtype)

class Shifted(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows, shift):
        ctx.kind = shift.dtype
        return (rows.bfloat16() + shift.bfloat16()).to(rows.dtype)

    @staticmethod
    def backward(ctx, up):
        total = torch.zeros(up.shape[1], dtype=torch.bfloat16)
        for row in up.bfloat16():
            total += row
        return up, total.to(ctx.kind)

class Strict(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows):
        small = rows.bfloat16()
        if small.dtype is not torch.bfloat16:
            raise TypeError("bfloat16 only")
        small = torch.sin(small)
        ctx.save_for_backward(rows.bfloat16())
        return small.to(rows.dtype)

    @staticmethod
    def backward(ctx, up):
        rows, = ctx.saved_tensors
        return (up.bfloat16() * torch.cos(rows)).to(up.dtype)
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Target's name -> its report; the two `Squashed` by the name of their file."""
    folder = tmp_path_factory.mktemp("casts")
    slopes = {"right": "1 - flat * flat", "wrong": "1 - flat"}
    for name, slope in slopes.items():
        (folder / f"{name}.py").write_text(FUNCTIONS % slope)
    (folder / "others.py").write_text(OTHERS)
    targets = [*(str(folder / f"{name}.py") for name in slopes), str(folder / "others.py")]
    found = verify_targets(VerifyOptions(tuple(targets), jobs=1)).targets
    return {each.name if each.file.endswith("others.py") else Path(each.file).stem: each for each in found}


@pytest.mark.parametrize(("name", "dtype"), [("right", "bfloat16"), ("Chances", "float16")])
def test_what_rounds_to_few_bits_in_both_passes_is_right(reports, name, dtype):
    """Off by 1 in 256 from its derivative, as every such code is."""
    report = reports[name]
    assert report.verdict is Verdict.PASS
    assert report.findings == ()
    note = f"it computes in {dtype}: its formula is judged with these casts left out, then as it is written"
    assert note in report.notes
    assert {each.verdict for each in report.evidence if each.rung == 3} == {Verdict.PASS}
    assert any(each.rung == 4 and each.detail.startswith(f"in {dtype}, as it is written") for each in report.evidence)
    assert "dtypes other than float64" not in report.power.untried


def test_a_wrong_formula_in_bfloat16_is_named(reports):
    """1 - y for 1 - y^2: without the casts its numbers are that to the last bit."""
    report = reports["wrong"]
    assert {name: each.verdict for name, each in report.gradients.items()} == {
        "rows": Verdict.FAIL,
        "gain": Verdict.PASS,
    }
    (finding,) = report.findings
    assert (finding.id, finding.certainty) == ("wrong-derivative", "proved")
    assert "1 - y for 1 - y^2" in finding.message


def test_a_backward_that_rounds_where_its_forward_does_not_is_told(reports):
    """Everything else of it is right, which its numbers without the casts prove."""
    (finding,) = reports["Back"].findings
    assert (finding.id, finding.gradient, finding.certainty) == ("rounds-too-coarsely", "scores", "proved")
    assert reports["Back"].verdict is Verdict.FAIL
    assert reports["Back"].gradients["scores"].findings == ("rounds-too-coarsely",)


def test_a_sum_that_stops_growing_fails_as_it_is_written(reports):
    """Its formula is right, and in bfloat16 a batch of 1,536 is lost to it where autograd of its forward keeps it."""
    report = reports["Shifted"]
    (finding,) = report.findings
    assert (finding.id, finding.gradient, finding.certainty) == ("rounds-too-coarsely", "shift", "proved")
    assert "Right with its casts to bfloat16 left out" in finding.message
    assert report.gradients["rows"].verdict is Verdict.PASS


def test_what_does_not_run_without_its_casts_is_not_failed_for_their_rounding(reports):
    """Nor passed: no bound tells a mistake from what bfloat16 rounds."""
    report = reports["Strict"]
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.findings == ()
    assert any("does not run with its casts left out" in note for note in report.notes)
