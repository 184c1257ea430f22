"""Any function from its file to its report: numpy pairs, judged by the derivative of their own forward."""

import textwrap

import pytest

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

LAYERS = """
import numpy as np

def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(0)

def mean_affine_forward(x, w, b):
    return x @ w + b, (x, w)

def mean_affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout / len(x), -dout.sum(0)

def swish(z):
    return z / (1 + np.exp(-z))

def swish_grad(z):
    s = 1 / (1 + np.exp(-z))
    return s + z * s * (1 - s)

def softmax_forward(scores):
    e = np.exp(scores - scores.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)

def softmax_backward(dout, p):
    return p * dout - p * p

def relu_forward(x):
    return np.maximum(x, 0), x

def relu_backward(dout, cache):
    dout[cache < 0] = 0
    return dout

def cube_forward(x):
    return x ** 3, x

def cube_backward(dout, x):
    return np.ones_like(dout) * 3 * x ** 2

def scale_forward(x, gamma):
    return x * gamma, (x, gamma)

def scale_backward(dout, cache):
    raise ValueError("not today")
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Target's name -> its report, all from one run."""
    file = tmp_path_factory.mktemp("layers") / "layers.py"
    file.write_text(textwrap.dedent(LAYERS))
    names = (
        "affine_backward mean_affine_backward swish_grad softmax_backward relu_backward cube_backward scale_backward"
    )
    report = verify_targets(VerifyOptions(tuple(f"{file}:{name}" for name in names.split()), jobs=2))
    return {target.name: target for target in report.targets}


def ids(report):
    """What is found, with what it is about."""
    return {(finding.id, finding.gradient) for finding in report.findings}


@pytest.mark.parametrize("name", ["affine_backward", "swish_grad"])
def test_a_right_pair_passes_by_its_own_forward(reports, name):
    """With a cache and with the bare derivative of each entry."""
    report = reports[name]
    assert report.verdict is Verdict.PASS
    assert report.kind == "function"
    assert not report.findings


def test_a_multilinear_forward_is_judged_bit_for_bit(reports):
    """On whole numbers its differences are its derivative, so that equal is equal."""
    exact = [each for each in reports["affine_backward"].evidence if each.name == "exact"]
    assert [each.gradient for each in exact] == ["x", "w", "b"]
    assert all(each.detail.startswith("2 of 2 bit for bit") for each in exact)


def test_the_gradient_that_is_wrong_is_named_and_the_others_stay_right(reports):
    """By a length of its own sample, on two sets of sizes; and by its sign."""
    report = reports["mean_affine_backward"]
    assert {name: result.verdict for name, result in report.gradients.items()} == {
        "x": Verdict.PASS,
        "w": Verdict.FAIL,
        "b": Verdict.FAIL,
    }
    assert ids(report) == {("batch-mean", "w"), ("sign-flipped", "b")}


def test_a_backward_that_is_not_linear_in_g_breaks_the_contract(reports):
    """No truth is needed to tell it."""
    assert ids(reports["softmax_backward"]) == {("not-linear", "scores")}


def test_a_backward_that_ignores_g_is_told_so(reports):
    """It gives the same for every G."""
    assert ids(reports["cube_backward"]) == {("upstream-ignored", "x")}


def test_a_backward_that_writes_into_g_is_told_so(reports):
    """However right its numbers are."""
    report = reports["relu_backward"]
    assert ids(report) == {("overwrites-upstream", "call")}
    (finding,) = report.findings
    assert finding.message == "the gradients are right, but the call changes the G that it is handed."
    assert (finding.text.strip(), finding.evidence) == (
        "dout[cache < 0] = 0",
        "The array holds other numbers after this line.",
    )
    assert report.verdict is Verdict.FAIL


def test_a_backward_that_raises_on_all_that_was_guessed_is_refused_with_its_words(reports):
    """It may be meant for other inputs: no crash is proved."""
    report = reports["scale_backward"]
    assert report.verdict is Verdict.ERROR
    assert "its backward raises on all inputs that were tried" in report.error
    assert "ValueError: not today" in report.error
