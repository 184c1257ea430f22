"""Labels are those of rows or of columns, as the loss has them."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

LOSSES = """
import numpy as np

def upright(scores, labels):
    heard = labels.shape[0]
    e = np.exp(scores - scores.max(axis=0))
    shares = e / e.sum(axis=0)
    loss = -np.sum(np.log(shares[labels, np.arange(heard)])) / heard
    dscores = shares.copy()
    dscores[labels, np.arange(heard)] -= 1
    return loss, dscores / heard

def picked(scores, labels):
    rows = np.arange(len(labels))
    dscores = np.zeros_like(scores)
    dscores[rows, labels] = -1 / len(labels)
    return -scores[rows, labels].mean(), dscores
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """From a target's name to its report; it runs in this process."""
    file = tmp_path_factory.mktemp("losses") / "losses.py"
    file.write_text(LOSSES)
    return lambda name: function_here(f"{file}:{name}")


def test_classes_that_stand_in_columns_have_a_label_for_each_column(judged):
    """Fewer labels run too and leave columns out of the loss, of which the gradient is no one's."""
    report = judged("upright")
    assert report.gradients["scores"].verdict is Verdict.PASS
    assert report.inputs == "scores 5x3, labels 3 (guess)"


def test_a_loss_that_picks_entries_is_asked_all_the_same(judged):
    """Nothing depends on what is not picked, however many labels there are."""
    assert judged("picked").gradients["scores"].verdict is Verdict.PASS
