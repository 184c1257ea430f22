"""Lengths of an object that its code compares: a block that adds its input back where that fits."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

BLOCK = """
import numpy as np

class Block:
    def __init__(self, in_dim, out_dim):
        self.w = np.random.randn(in_dim, out_dim)
        self.side = None
        if in_dim != out_dim:
            self.side = np.random.randn(in_dim, out_dim)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.w)
        return self.h + (x if self.side is None else x @ self.side)

    def backward(self, dout):
        dz = dout * (1 - self.h ** 2)
        self.dw = self.x.T @ dz
        dx = dz @ self.w.T
        if self.side is not None:
            self.dside = self.x.T @ dout
            return dx + dout @ self.side.T
        return RETURNED
"""


@pytest.mark.parametrize(("returned", "verdict"), [("dx + dout", Verdict.PASS), ("dx", Verdict.FAIL)])
def test_a_branch_for_equal_lengths_is_asked(tmp_path, returned, verdict):
    """Unequal ones never get there; what is wrong is told with the length at which it is."""
    file = tmp_path / "block.py"
    file.write_text(BLOCK.replace("RETURNED", returned))

    report = function_here(f"{file}:Block")

    assert (report.verdict, report.gradients["x"].verdict) == (verdict, verdict)
    assert [report.gradients[name].verdict for name in ("w", "side")] == [Verdict.PASS, Verdict.PASS]
    assert any("out_dim 5" in sample.text for sample in report.samples)
