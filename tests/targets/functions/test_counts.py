"""Whole numbers that a constructor has defaults for, under any name: a method that reads them may branch on them."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.read_later import read_later

# Columns are moved along by `lag`, and every of `teams` parts of a row has a matrix of its own.
LAYER = """
import numpy as np

class Mixer:
    def __init__(self, n_in, n_out, lag=0, teams=1, seed=3):
        self.lag, self.parts = lag, teams
        self.mat = np.random.RandomState(seed).randn(n_in // teams, n_out)

    def forward(self, x):
        self.x = x
        width = self.mat.shape[0]
        out = np.zeros((len(x), self.mat.shape[1]))
        for t in range(self.parts):
            out += np.roll(x, self.lag, axis=1)[:, t * width:(t + 1) * width] @ self.mat
        return out

    def backward(self, up):
        width = self.mat.shape[0]
        moved = np.roll(self.x, self.lag, axis=1)
        self.dmat = np.zeros_like(self.mat)
        dmoved = np.zeros_like(self.x)
        for t in range(self.parts):
            part = slice(t * width, (t + 1) * width)
            self.dmat += moved[:, PART].T @ up
            dmoved[:, part] = up @ self.mat.T
        return np.roll(dmoved, SHIFT, axis=1)
"""
CASES = [
    ("part", "-self.lag", "", ""),
    ("part", "self.lag", "x", "lag = 1"),
    (":width", "-self.lag", "mat", "teams = 2"),
]


@pytest.mark.parametrize(("part", "shift", "wrong", "where"), CASES)
def test_a_count_of_any_name_is_asked_beside_its_default(tmp_path, part, shift, wrong, where):
    """Also one on which the shape of what is held hangs; at the defaults all of these are right."""
    file = tmp_path / "mixer.py"
    file.write_text(LAYER.replace("PART", part).replace("SHIFT", shift))

    report = function_here(f"{file}:Mixer")

    assert {wrong} - {""} == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
    assert {where} - {""} == {finding.fails_when for finding in report.findings}
    assert not any("one value" in note for note in report.notes)


def test_a_parameter_is_read_later_where_a_method_reads_what_was_made_of_it():
    """Under its own name or another; not where the constructor alone uses it."""
    source = LAYER.replace("seed=3):", "seed=3, loud=0):\n        print('made' * loud)")
    assert ("n_in", "lag", "teams") == read_later(source, ["n_in", "lag", "teams", "loud"])
    assert () == read_later("", ["lag"])
