"""A backward that goes back through two functions: a forward, and the loss of what it gives."""

import ast

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
from gradcheck_cli.targets.functions.composed import Composition, compositions_among
from gradcheck_cli.targets.functions.pairs import defined_by, pairs_among

VOTES = """
import numpy as np

def votes(leaning):
    high = np.exp(leaning - leaning.max(axis=1, keepdims=True))
    return high / high.sum(axis=1, keepdims=True)

def surprise_loss(shares, labels):
    return -np.log(shares[np.arange(len(labels)), labels]).mean()

def votes_backward(shares, labels):
    back = shares.copy()
    back[np.arange(len(labels)), labels] -= 1
    return FACTOR * back / len(labels)
"""
OF_SCORES = """
import numpy as np

def squash(z):
    return 1 / (1 + np.exp(-z))

def bce(z, target):
    p = squash(z)
    return -(target * np.log(p) + (1 - target) * np.log(1 - p)).sum()

def squash_grad(p, target):
    return FACTOR * (p - target)
"""
NETWORK = """
import numpy as np

def forward(x, w, b):
    return 1 / (1 + np.exp(-(x @ w + b)))

def log_loss(y, a):
    return -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))

def backward(x, y, a):
    dz = FACTOR * (a - y) / len(y)
    return x.T @ dz, dz.sum()
"""


def judged(tmp_path, code, name, factor):
    """The report of one function of a text."""
    (tmp_path / "votes.py").write_text(code.replace("FACTOR", factor), encoding="utf-8")
    return function_here(f"{tmp_path / 'votes.py'}:{name}")


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("-1", Verdict.FAIL)])
@pytest.mark.parametrize("name", ["votes_backward", "votes", "surprise_loss"])
def test_the_gradient_of_the_loss_of_what_a_forward_gives(tmp_path, name, factor, verdict):
    """Whichever of the three is named."""
    report = judged(tmp_path, VOTES, name, factor)
    assert {key: each.verdict for key, each in report.gradients.items()} == {"leaning": verdict}


@pytest.mark.parametrize(("factor", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_a_loss_of_scores_makes_the_probabilities_itself(tmp_path, factor, verdict):
    """Handed the forward's result as well: of two ways to put them together that which is proved is believed."""
    report = judged(tmp_path, OF_SCORES, "squash_grad", factor)
    assert {key: each.verdict for key, each in report.gradients.items()} == {"z": verdict}


@pytest.mark.parametrize(
    ("factor", "verdict", "findings"), [("1", Verdict.PASS, []), ("-1", Verdict.FAIL, ["sign-flipped"])]
)
def test_a_network_whose_parameters_are_arguments(tmp_path, factor, verdict, findings):
    """Of vectors, where only a bias of one number has the gradient that is returned: right or wrong."""
    report = judged(tmp_path, NETWORK, "backward", factor)
    assert {key: each.verdict for key, each in report.gradients.items()} == {"w": verdict, "b": verdict}
    assert sorted({finding.id for finding in report.findings}) == findings


def test_a_backward_that_is_handed_a_gradient_goes_back_through_its_own_forward_alone():
    """Nor is one put together with a loss whose forward knows what it is compared with."""
    code = (
        "def soft(x): ...\ndef soft_backward(dout, y): ...\ndef loss(p, target): ...\n"
        "def fit(x, y): ...\ndef fit_backward(p, y): ...\n"
    )
    said = {node.name: defined_by(node) for node in ast.parse(code).body}
    assert compositions_among(said, pairs_among(said)) == {}


def test_a_function_may_be_called_as_a_part_of_its_backward():
    """Of softmax_cross_entropy_grad both are called so."""
    code = (
        "def softmax(z): ...\ndef cross_entropy(p, t): ...\ndef hinge_loss(p, t): ...\n"
        "def softmax_cross_entropy_grad(z, t): ..."
    )
    said = {node.name: defined_by(node) for node in ast.parse(code).body}
    found = compositions_among(said, pairs_among(said))
    assert found == {"softmax_cross_entropy_grad": Composition("softmax", ("cross_entropy", "hinge_loss"))}
