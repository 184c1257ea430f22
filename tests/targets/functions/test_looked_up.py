"""Words, and the dictionary that says which row of a table each has."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

NEIGHBOURS = """
import numpy as np

def neighbours(word, others, word_to_ix, inner, outer):
    loss = 0.0
    d_inner, d_outer = np.zeros_like(inner), np.zeros_like(outer)
    at = word_to_ix[word]
    for other in others:
        place = word_to_ix[other]
        scores = outer @ inner[at]
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        loss -= np.log(shares[place])
        shares[place] -= 1
        d_inner[at] ADD outer.T @ shares
        d_outer += np.outer(shares, inner[at])
    return loss, d_inner, d_outer
"""


@pytest.mark.parametrize("called", ["word_to_ix", "vocabulary"])
@pytest.mark.parametrize(("add", "verdict"), [("+=", Verdict.PASS), ("=", Verdict.FAIL)])
def test_words_are_looked_up_in_their_dictionary(tmp_path, add, verdict, called):
    """Three neighbours, one of them twice: what writes where it should add is wrong."""
    file = tmp_path / "neighbours.py"
    file.write_text(NEIGHBOURS.replace("ADD", add).replace("word_to_ix", called))

    report = function_here(f"{file}:neighbours")

    assert (report.verdict, report.gradients["inner"].verdict) == (verdict, verdict)
    assert report.gradients["outer"].verdict is Verdict.PASS
    assert report.inputs.startswith(f"word two, others (one, three, one), {called} {{one 2, two 0, three 1}}")
