"""Arrays of a Function for which its author writes a None."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

FILE = """
import torch

class HeavyLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, t, heavy):
        w = torch.ones_like(x) if OPTIONAL else heavy
        ctx.save_for_backward(x, t, w)
        return (w * (x - t) ** 2).sum()

    @staticmethod
    def backward(ctx, g):
        x, t, w = ctx.saved_tensors
        return 2 * w * (x - t) * g, None, None
REST
"""
BUFFER = """
class Heavy(torch.nn.Module):
    def __init__(self, heavy):
        super().__init__()
        MADE
"""


@pytest.mark.parametrize(
    ("optional", "made", "is_owed"),
    [
        ("heavy is None", "", False),
        ("False", "", True),
        ("False", 'self.register_buffer("heavy", heavy)', False),
        ("heavy is None", "self.heavy = torch.nn.Parameter(heavy)", True),
    ],
)
def test_a_constant_to_its_author_is_told_in_a_note(tmp_path, optional, made, is_owed):
    """What may be left out of a loss, and a buffer; not what the file learns, nor what nothing is known of."""
    file = tmp_path / "heavy.py"
    rest = BUFFER.replace("MADE", made) if made else ""
    file.write_text(FILE.replace("OPTIONAL", optional).replace("REST", rest))
    report = function_here(f"{file}:HeavyLoss")
    notes = [note for note in report.notes if note.startswith("None is returned for heavy")]
    assert (report.verdict is Verdict.FAIL, bool(notes)) == (is_owed, not is_owed)
    assert report.gradients["x"].verdict is Verdict.PASS
