"""torch Functions from their file to a mistake that is named at its line, and in other circumstances."""

from pathlib import Path

import pytest

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.report.page.parts import mistakes, quoted
from gradcheck_cli.runs.verify import verify_targets
from helpers import verified

FILE = Path(__file__).parent / "planted" / "torch_functions.py"
NAMES = ("Whiten", "Lookback", "Decay", "Blend", "Forgetful", "Shrink", "Averaged")
CAME_OUT = "is exactly what comes out when"


@pytest.fixture(scope="module")
def reports():
    """Target's name -> its report, all from one run."""
    report = verify_targets(VerifyOptions(tuple(f"{FILE}:{name}" for name in NAMES), jobs=1))
    return {target.name: target for target in report.targets}


def findings(report):
    """(id, gradient, certainty) of each."""
    return [(each.id, each.gradient, each.certainty) for each in report.findings]


def test_a_norm_that_forgets_its_variance_is_told_at_the_line_of_the_variance(reports):
    """The first of the two reference cases: dx is wrong, the gain's gradient is right."""
    report = reports["Whiten"]
    assert {"rows": Verdict.FAIL, "gain": Verdict.PASS} == {
        name: each.verdict for name, each in report.gradients.items()
    }
    (finding,) = report.findings
    assert ("path-missing", "rows", "proved", 13) == (finding.id, finding.gradient, finding.certainty, finding.line)
    assert finding.message == f"grad_rows {CAME_OUT} the path through `spread` is not followed."
    shown = mistakes((finding,), report.file, report.name)[0].quote
    assert quoted(shown) == [
        "13 | spread = (rows - centre).square().mean(dim=1, keepdim=True)",
        "   |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        "What grad_rows gets wrong is the way back through this line of the forward.",
    ]


def test_an_attention_that_masks_on_the_way_back_only_is_told_for_all_three(reports):
    """The second reference case."""
    report = reports["Lookback"]
    assert [("wrong-forward-mask", name, "proved") for name in "qkv"] == findings(report)
    assert all("`weights` is 0 above the diagonal" in each.message for each in report.findings)


def test_a_right_function_is_right_in_all_circumstances(reports):
    """Also where it leaves out what is not asked for."""
    assert Verdict.PASS is reports["Blend"].verdict
    assert () == reports["Blend"].findings


def test_what_a_batch_of_no_rows_comes_to_is_said_beside_the_verdict(reports):
    """A note where it does not run; zeros are a line of the evidence."""
    report = reports["Averaged"]
    assert Verdict.PASS is report.verdict
    said = "on a batch of 0 rows its forward runs and its backward raises ZeroDivisionError: division by zero"
    assert [said] == [note for note in report.notes if "0 rows" in note]
    found = [(each.verdict, each.detail) for each in reports["Blend"].evidence if each.name == "empty batch"]
    assert [(Verdict.PASS, "an empty batch gives zeros")] == found


@pytest.mark.parametrize(
    ("name", "identifier", "gradient", "part"),
    [
        ("Decay", "strides-ignored", "x", "where G is transposed in memory"),
        ("Forgetful", "needs-input-grad-wrong", "w", "where only w needs a gradient"),
        ("Shrink", "overwrites-upstream", "x", "where it is called twice on one graph"),
    ],
)
def test_what_is_wrong_only_in_other_circumstances_is_told(reports, name, identifier, gradient, part):
    """The numbers of a plain call are right."""
    report = reports[name]
    assert Verdict.FAIL is report.verdict
    assert [(identifier, gradient, "proved")] == findings(report)
    assert part in report.findings[0].message
    assert report.findings[0].fix


LINES = """
import numpy as np


def centre_forward(rows, gain):
    middle = rows.mean(axis=1, keepdims=True)
    moved = (rows - middle) * gain
    return moved, (rows, gain)


def centre_backward(dout, cache):
    rows, gain = cache
    return dout * gain, (dout * (rows - rows.mean(axis=1, keepdims=True))).sum(axis=0)
"""


def test_a_drawn_forward_has_the_lines_of_the_user_and_no_other(tmp_path):
    """The copies that a call of ours begins with are the arguments themselves."""
    (report,) = verified(tmp_path, LINES, file="lines.py").targets
    graph = report.findings[0].graph

    assert ["rows", "gain", "middle = rows.mean(axis=1, keepdims=True)", "moved = (rows - middle) * gain"] == [
        each.text for each in graph.statements
    ]
    assert ["rows", "rows", "gain", "middle"] == [use.name for use in graph.uses]


KEEPS = """
class Gain:
    def __init__(self, gain):
        self.gain = gain

    def forward(self, x):
        self.x = x
        return x * self.gain

    def backward(self, up):
        self.dgain = (up * self.x).sum(0)
        return up * self.gain * self.x
"""


def test_a_copy_of_ours_is_no_value_of_the_users(tmp_path):
    """An argument is copied before the forward is called: "what flows back from the clone" speaks of our own call."""
    (report,) = verified(tmp_path, KEEPS, "Gain", file="keeps.py").targets
    (message,) = {each.message for each in report.findings if each.gradient == "x"}

    said = "what flows back to `x` is multiplied by `x` once more."
    assert message == f"grad_x is exactly what comes out when {said}"
