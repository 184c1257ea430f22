"""Labels are those of rows or of columns, as the loss has them."""

import re

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import GradcheckError

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


OF_ONE_SAMPLE = """
import numpy as np

def shares(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)

def weighted_entropy_loss(scores, target, strength=2.0):
    p = shares(scores)[target]
    return -((1 - p) ** strength) * np.log(p)

def weighted_entropy_loss_grad(scores, target, strength=2.0):
    p = shares(scores)
    right = p[target]
    slope = strength * (1 - right) ** (strength - 1) * np.log(right) - (1 - right) ** strength / right
    hot = np.zeros(len(p))
    hot[target] = 1
    return TIMES slope * right * (hot - p)

def smooth_entropy(scores, target_index, share=0.1):
    moved = scores - np.max(scores)
    logs = moved - np.log(np.sum(np.exp(moved)))
    wanted = np.full(len(scores), share / len(scores))
    wanted[target_index] += 1 - share
    return -np.sum(wanted * logs), TIMES (np.exp(logs) - wanted)

def pairwise_hinge(scores, y):
    over = np.maximum(0, 1 + scores - scores[y])
    over[y] = 0
    g = TIMES (over > 0)
    g[y] -= np.sum(g)
    return np.sum(over), g
"""


@pytest.mark.parametrize(("times", "verdict"), [("1.0 *", Verdict.PASS), ("1.5 *", Verdict.FAIL)])
@pytest.mark.parametrize(
    ("name", "label"),
    [("weighted_entropy_loss_grad", "target"), ("smooth_entropy", "target_index"), ("pairwise_hinge", "y")],
)
def test_a_loss_of_one_sample_is_asked_with_one_label(tmp_path, name, label, times, verdict):
    """It runs on matrices and on rows of labels too, which mean nothing to it."""
    file = tmp_path / "one.py"
    file.write_text(OF_ONE_SAMPLE.replace("TIMES", times))
    report = function_here(f"{file}:{name}")
    assert report.verdict is verdict
    assert report.inputs.startswith("scores 5")
    assert re.search(rf"\b{label} \d \(guess\)$", report.inputs)


def test_a_failure_on_labels_that_belong_to_no_rows_proves_nothing(tmp_path):
    """One label for each of no rows is all on which this runs; it adds where its author may have meant to set."""
    file = tmp_path / "rows.py"
    file.write_text("""
import torch

class Chosen(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scores, target):
        assert scores.dim() == 1
        ctx.save_for_backward(scores, target)
        return scores[target].sum() ** 2

    @staticmethod
    def backward(ctx, g):
        scores, target = ctx.saved_tensors
        d = torch.zeros_like(scores)
        d[target] = 2 * g * scores[target]
        return d, None
""")
    with pytest.raises(GradcheckError) as refused:
        function_here(f"{file}:Chosen")
    assert "its labels belong to no rows" in str(refused.value)


def test_the_weight_of_the_errors_of_a_support_vector_machine_is_a_number(tmp_path):
    """C is no matrix there, and the targets are numbers, one for each row."""
    file = tmp_path / "machine.py"
    file.write_text("""
import numpy as np

def svm_loss(w, X, y, C):
    return 0.5 * w @ w + C * np.sum(np.maximum(0, 1 - y * (X @ w)))

def svm_gradient(w, X, y, C):
    inside = y * (X @ w) < 1
    return w - C * (y * inside) @ X
""")
    report = function_here(f"{file}:svm_gradient")
    assert report.verdict is Verdict.PASS
    assert report.inputs == "w 5, X 3x5, y 3, C 0.5 (guess)"


BETTING = """
import numpy as np

def odds_cost(theta, X, y, lam):
    p = 1 / (1 + np.exp(-np.matmul(X, theta)))
    rows, kept = len(y), np.ones((len(theta), len(theta[0])))
    cost = -np.sum(np.matmul(y.T, np.log(p)) + np.matmul((1 - y).T, np.log(1 - p))) / rows
    return cost + lam * np.sum((kept * theta) ** 2) / 2, FACTOR * np.matmul(X.T, p - y) / rows + lam * theta
"""


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_targets_that_are_compared_with_every_prediction_are_one_column(tmp_path, factor, verdict):
    """`y.T @ log(p)` of several columns sums each beside each: no such loss was meant, and its gradient says so."""
    file = tmp_path / "betting.py"
    file.write_text(BETTING.replace("FACTOR", factor))

    report = function_here(f"{file}:odds_cost")

    assert report.verdict is verdict
    assert "y 3x1" in report.inputs
