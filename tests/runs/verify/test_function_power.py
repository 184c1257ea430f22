"""What a pass of a function is worth: mistakes planted into its right gradients, and what these lead to."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

TENSORS = """
import torch

class Squash(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.clamp(-5.0, 5.0) * 3

    @staticmethod
    def backward(ctx, up):
        (z,) = ctx.saved_tensors
        return 3 * up * ((z > -5) & (z < 5))

class Ceiling(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return torch.where(z > 4, 4 + (z - 4) / 10, z)

    @staticmethod
    def backward(ctx, up):
        return up

class Capped(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.clamp(0.0, 6.0)

    @staticmethod
    def backward(ctx, up):
        (z,) = ctx.saved_tensors
        return up * (z > 0)
"""
ARRAYS = """
import numpy as np

def mix_forward(left, right):
    return np.cos(left) @ right * 0.5, (left, right)

def mix_backward(up, kept):
    left, right = kept
    return -0.5 * np.sin(left) * (up @ right.T), 0.5 * np.cos(left).T @ up

def kink_forward(z):
    return np.where(np.abs(z) < 8, z ** 2 / 16, np.abs(z) - 4), z

def kink_backward(up, z):
    return up * z / 8
"""
GIVEN = """
import numpy as np

def gradcheck_inputs():
    return [(np.array([0.5, -1.5, 0.25]),), (np.array([[1.0, 0.125]]),)]
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Target's name -> its report."""
    folder = tmp_path_factory.mktemp("power")
    files = {"tensors.py": TENSORS, "arrays.py": ARRAYS, "given.py": GIVEN + ARRAYS[ARRAYS.index("def kink") :]}
    for name, text in files.items():
        (folder / name).write_text(text)
    report = verify_targets(VerifyOptions(tuple(str(folder / name) for name in files), jobs=1))
    return {f"{target.target.rpartition('/')[2]}": target for target in report.targets}


def test_a_pass_says_how_many_planted_mistakes_would_have_shown(reports):
    """Edits of the recorded forward, those that give the same numbers once."""
    power = reports["tensors.py:Squash"].power
    assert power.planted == power.caught > 20
    assert power.untried == ("ties",)
    assert reports["arrays.py:mix_backward"].power.untried == ("dtypes other than float64",)


def test_code_without_a_graph_gets_what_people_do_to_any_gradient(reports):
    """Sign, factors of lengths, transposed, rows dropped, sums kept, for both of its arguments."""
    report = reports["arrays.py:mix_backward"]
    assert report.verdict is Verdict.PASS
    assert report.layer == ""
    rungs = [each for each in report.evidence if each.rung == 5]
    assert [each.gradient for each in rungs] == ["left", "right"]
    assert all(each.numbers["caught"] == each.numbers["planted"] > 10 for each in rungs)


def test_a_bound_that_no_sample_reaches_is_asked_for(reports):
    """Values near 0 pass: what the edits would change elsewhere leads to values where the upper bound counts."""
    report = reports["tensors.py:Capped"]
    assert report.verdict is Verdict.FAIL
    assert report.power is None
    (finding,) = report.findings
    assert finding.id == "wrong-derivative"
    assert "the upper bound is forgotten" in finding.message


def test_a_branch_that_no_sample_takes_is_asked_for(reports):
    """With a graph, and blindly without one."""
    for name, sample in (("tensors.py:Ceiling", "z 3x5"), ("arrays.py:kink_backward", "z 3x5")):
        wrong = [each for each in reports[name].samples if Verdict.FAIL in each.gradients.values()]
        assert [each.text for each in wrong] == [f"{sample} (every other entry is 16 times as large)"]
        assert reports[name].verdict is Verdict.FAIL


def test_what_the_user_hands_over_is_not_made_larger(reports):
    """A function is judged on what it is for."""
    report = reports["given.py"]
    assert report.verdict is Verdict.PASS
    assert all("times as large" not in each.text for each in report.samples)


def test_a_forward_that_is_too_long_to_plant_all_slips_in_says_so(tmp_path, monkeypatch):
    """A loop of fifty turns has a thousand nodes; a pass is worth what was planted."""
    monkeypatch.setattr("gradcheck_cli.diagnose.edits.plants._MOST_PLANTED", 0)
    (tmp_path / "tensors.py").write_text(TENSORS, encoding="utf-8")
    report = function_here(f"{tmp_path / 'tensors.py'}:Squash")
    assert report.verdict is Verdict.PASS
    assert "all slips of so long a forward" in report.power.untried
