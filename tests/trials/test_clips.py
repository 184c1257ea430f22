"""Clips that keep a chance from 0 and 1, and other bounds."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

SURE = """
import numpy as np

def chance_loss(w, b, X, Y):
    p = 1 / (1 + np.exp(-4 * (X @ w + b)))
    p = BOUNDS
    loss = -np.mean(Y * np.log(p) + (1 - Y) * np.log(1 - p))
    return loss, {"dw": 4 * TIMES X.T @ (p - Y) / len(X), "db": 4 * np.mean(p - Y)}
"""


@pytest.mark.parametrize("bounds", ["np.clip(p, 1e-10, 1 - 1e-10)", "p.clip(1e-10, 1 - 1e-10)"])
def test_what_goes_on_beyond_a_clip_for_a_logarithm_is_a_note(tmp_path, bounds):
    """Where the chance is 1 the loss stands still, and no author means that."""
    file = tmp_path / "sure.py"
    file.write_text(SURE.replace("BOUNDS", bounds).replace("TIMES", ""))
    report = function_here(f"{file}:chance_loss")
    assert report.verdict is Verdict.PASS
    said = [f"grad_{name} is right, but not beyond the bounds of {bounds} of line 6" for name in ("w", "b")]
    assert [note for note in report.notes if "beyond the bounds" in note] == said


def test_a_gradient_that_is_wrong_on_usual_numbers_is_no_matter_of_a_clip(tmp_path):
    """It is wrong on both sides of the bound."""
    file = tmp_path / "sure.py"
    file.write_text(SURE.replace("BOUNDS", "np.clip(p, 1e-10, 1 - 1e-10)").replace("TIMES", "2 *"))
    assert function_here(f"{file}:chance_loss").gradients["w"].verdict is Verdict.FAIL


def test_a_bound_that_is_a_part_of_the_formula_is_owed(tmp_path):
    """A clip at 0.2 and 0.8 is met by usual numbers, and stands still there."""
    file = tmp_path / "sure.py"
    file.write_text(SURE.replace("BOUNDS", "np.clip(p, 0.2, 0.8)").replace("TIMES", ""))
    assert function_here(f"{file}:chance_loss").verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "kept",
    [
        "p[p == 1] = 1 - 1e-10\n    p[p == 0] = 1e-10",
        "p = np.where(p >= 1, 1 - 1e-10, p)\n    p = np.where(p <= 0, 1e-10, p)",
    ],
)
def test_a_number_that_is_put_in_the_place_of_0_and_1_is_such_a_bound(tmp_path, kept):
    """Written as a mask, or as a choice."""
    file = tmp_path / "sure.py"
    file.write_text(SURE.replace("p = BOUNDS", kept).replace("TIMES", ""))
    report = function_here(f"{file}:chance_loss")
    assert report.verdict is Verdict.PASS
    assert [note.partition(" of ")[0] for note in report.notes if "beyond the bounds" in note] == [
        f"grad_{name} is right, but not beyond the bounds" for name in ("w", "b")
    ]


GATED = """
import numpy as np

class Gated:
    def __init__(self, width):
        self.w = np.random.randn(width, 3)

    def forward(self, x):
        self.x = x
        self.gate = 1 / (1 + np.exp(-np.clip(x, -BOUND, BOUND)))
        return (x * self.gate) @ self.w

    def backward(self, dout):
        self.dw = (self.x * self.gate).T @ dout
        return (dout @ self.w.T) * (self.gate + self.x * self.gate * (1 - self.gate))
"""


@pytest.mark.parametrize(("bound", "verdict"), [("12", Verdict.PASS), ("1", Verdict.FAIL)])
def test_what_keeps_an_exponent_from_growing_is_a_note_and_a_bound_among_usual_numbers_is_owed(
    tmp_path, bound, verdict
):
    """At 12 the gate is open to six digits; at 1 it stands still where it should open."""
    file = tmp_path / "gated.py"
    file.write_text(GATED.replace("BOUND", bound))
    report = function_here(f"{file}:Gated")
    said = "grad_x is right, but not beyond the bounds of np.clip(x, -12, 12) of line 10"
    assert (report.verdict, said in report.notes) == (verdict, verdict is Verdict.PASS)


@pytest.mark.parametrize(
    ("bounds", "before"),
    [
        ("np.clip(p, TINY, 1 - TINY)", "TINY = 1e-10"),
        ("np.clip(p, tiny, 1.0 - tiny)", "tiny: float = 1e-10"),
    ],
)
def test_a_bound_may_be_the_name_of_a_number(tmp_path, bounds, before):
    """As most write it; the note has the words of the file."""
    file = tmp_path / "sure.py"
    file.write_text(f"{before}\n" + SURE.replace("BOUNDS", bounds).replace("TIMES", ""))
    report = function_here(f"{file}:chance_loss")
    assert report.verdict is Verdict.PASS
    assert f"grad_w is right, but not beyond the bounds of {bounds} of line 7" in report.notes
