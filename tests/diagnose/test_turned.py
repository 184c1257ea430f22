"""What is said of a layer whose own forward turns F: its mends, followed to the letter, mend it."""

import re

import numpy as np
import pytest
from mistaken import integers, observe, planted

from gradcheck_cli.diagnose import diagnose, words_for
from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.model import ConvSpec

# One channel and filter, stride 1, no padding: the shapes for which a text writes `correlate2d`.
PLANES = (ConvSpec(1, 1, 1, 6, 7, (3, 2)), ConvSpec(1, 1, 1, 8, 5, (2, 4)))


def correlate2d(a, b, mode):
    """As scipy's, by its definition."""
    if mode == "full":
        a = np.pad(a, [(size - 1, size - 1) for size in b.shape])
    windows = np.lib.stride_tricks.sliding_window_view(a, b.shape)
    return np.einsum("pquv,uv->pq", windows, b)


@pytest.mark.parametrize("identifier", ["kernel-rotated", "upstream-rotated", "input-grad-kernel-unrotated"])
@pytest.mark.parametrize("spec", PLANES)
def test_every_formula_in_a_mend_is_the_right_gradient(identifier, spec):
    """Their F is ours turned, and so is their dE/dF; every call of `correlate2d` in the text is evaluated."""
    case = integers(spec)
    problem = Problem(case)
    right = {"weight": problem.grad_weight[0, 0, ::-1, ::-1], "input": problem.grad_input[0, 0]}
    arrays = {"X": case.x[0, 0], "F": case.weight[0, 0, ::-1, ::-1], "G": case.grad_output[0, 0]}

    formulas = re.findall(r"`(correlate2d\([^`]*)`", CATALOGUE[identifier].told(of_turned=True).fix)
    assert formulas
    for formula in formulas:
        expected = right["input" if "full" in formula else "weight"]
        assert np.array_equal(eval(formula, {"correlate2d": correlate2d}, arrays), expected)


@pytest.mark.parametrize(
    ("identifier", "gradient"),
    [("kernel-rotated", "weight"), ("upstream-rotated", "weight"), ("input-grad-kernel-unrotated", "input")],
)
def test_a_finding_speaks_the_words_of_its_layer(identifier, gradient):
    """The usual ones for a correlation."""
    usual, turned = (words_for("cache", turned=turned) for turned in (False, True))
    (found,) = diagnose(observe(gradient, planted(identifier, gradient)), gradient, turned)
    (other,) = diagnose(observe(gradient, planted(identifier, gradient)), gradient, usual)

    assert (found.id, other.id) == (identifier, identifier)
    assert found.fix == turned.rename(CATALOGUE[identifier].turned.fix)
    assert other.fix == usual.rename(CATALOGUE[identifier].fix)
    assert usual.rename(CATALOGUE[identifier].told(of_turned=True).title) in found.message


def test_a_mistake_that_has_nothing_to_do_with_turning_is_told_as_always():
    """Nothing else is written for it."""
    assert CATALOGUE["batch-mean"].told(of_turned=True) == CATALOGUE["batch-mean"].told(of_turned=False)
