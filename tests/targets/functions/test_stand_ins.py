"""Arguments that are only asked for the places of rows: an object stands in."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.contract import TargetRef
from gradcheck_cli.targets.functions.find import forms_of
from gradcheck_cli.targets.load import load

SAMPLED = """
import numpy as np

def others_than(word_idx, corpus, count):
    found = []
    while len(found) < count:
        drawn = corpus.draw_token_id()
        if drawn != word_idx:
            found.append(drawn)
    return found

def sampled_loss_and_grad(center, word_idx, outside, corpus, count=4):
    rows = [word_idx] + others_than(word_idx, corpus, count)
    signs = np.ones(len(rows))
    signs[1:] = -1
    chance = 1 / (1 + np.exp(-signs * (outside[rows] @ center)))
    loss = -np.sum(np.log(chance))
    slope = (chance - 1) * signs
    d_center = outside[rows].T @ slope
    d_outside = np.zeros(outside.shape)
    for row, each in zip(rows, slope):
        d_outside[row] += each * center
    return loss, d_center, d_outside
"""


def _report(tmp_path, code):
    file = tmp_path / "words.py"
    file.write_text(code)
    return function_here(f"{file}:sampled_loss_and_grad")


def test_a_sampler_is_stood_in_for_and_the_report_says_so(tmp_path):
    """It gives the same rows in each call, some of them twice."""
    report = _report(tmp_path, SAMPLED)

    assert report.verdict == Verdict.PASS
    assert report.why.endswith("; corpus is an object whose draw_token_id() gives 0, 1, 2, ...")


@pytest.mark.parametrize(
    "slip", [("d_outside[row] += each", "d_outside[row] = each"), ("* signs\n    d_c", "\n    d_c")]
)
def test_what_is_wrong_of_sampled_rows_fails(tmp_path, slip):
    """A row that is drawn twice has both gradients."""
    assert slip[0] in SAMPLED
    assert _report(tmp_path, SAMPLED.replace(*slip)).verdict == Verdict.FAIL


@pytest.mark.parametrize(
    "asked",
    [
        "corpus.draw_token_id() + len(corpus)",  # it is used as something else too
        "corpus.shuffle_tokens()",  # it may do anything else: no name of a place
        "corpus.index(3)",  # a list has it as well
    ],
)
def test_what_is_asked_for_anything_else_stays_an_argument(tmp_path, asked):
    """Nothing is known of what it gives."""
    file = tmp_path / "words.py"
    file.write_text(SAMPLED.replace("corpus.draw_token_id()", asked))

    (form,) = forms_of(load(TargetRef("words.py:sampled_loss_and_grad", str(file), "sampled_loss_and_grad")))

    assert "corpus" in [item.name for item in form.parameters]
