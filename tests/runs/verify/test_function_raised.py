"""Inputs on which only the forward runs: the fault of the backward where one change of its text mends it there."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

LAYERS = """
import numpy as np

class Shares:
    def forward(self, votes):
        e = np.exp(votes - votes.max(axis=-1, keepdims=True))
        self.shares = e / e.sum(axis=-1, keepdims=True)
        return self.shares

    def backward(self, upstream):
        return self.shares * (upstream - (upstream * self.shares).sum(axis=-1))

class OneByOne:
    def forward(self, signal):
        self.bent = np.tanh(signal)
        return self.bent

    def backward(self, upstream):
        slope = np.zeros_like(upstream)
        for place, number in enumerate(upstream):
            slope[place] = float(number) * (1 - float(self.bent[place]) ** 2)
        return slope
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """From a target's name to its report; it runs in this process."""
    file = tmp_path_factory.mktemp("layers") / "layers.py"
    file.write_text(LAYERS)
    return lambda name: function_here(f"{file}:{name}")


def test_a_backward_that_is_right_for_vectors_alone_by_a_slip_fails(judged):
    """A lost keepdims raises on rows of votes, of which the forward says that it takes them."""
    report = judged("Shares")
    (finding,) = report.findings
    assert (report.verdict, finding.id) == (Verdict.FAIL, "crashes")
    assert finding.text.strip() == "return self.shares * (upstream - (upstream * self.shares).sum(axis=-1))"
    assert "`(upstream * self.shares).sum(axis=-1, keepdims=True)`" in finding.evidence


def test_a_backward_that_is_written_for_vectors_passes_and_says_so(judged):
    """Nothing in its text is a slip, and nobody says that matrices are meant."""
    report = judged("OneByOne")
    assert report.verdict is Verdict.PASS
    (said,) = (note for note in report.notes if "raises" in note)
    assert said.startswith("on signal 3x5, where its forward runs, its backward raises")
