"""Mistakes that show in what happened."""

from dataclasses import replace

import numpy as np
from mistaken import SPECS, integers, right_backward

from gradcheck_cli.diagnose import Observation, diagnose
from gradcheck_cli.diagnose.behaviour import rounded_too, unexplained_shape
from gradcheck_cli.diagnose.observation import Evidence
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.model import ConvSpec, Finding, Gradients


def observations(change):
    """Right observations, each changed by `change` (observation -> observation)."""
    cases = [integers(spec, seed) for seed, spec in enumerate(SPECS)]
    return [change(Observation(case, right_backward(case), right_backward(case))) for case in cases]


def one(change, gradient="weight"):
    """The single finding, and that it is proved."""
    (finding,) = diagnose(observations(change), gradient)
    assert finding.certainty == "proved"
    return finding


def with_weight(seen, weight):
    """`seen` with another grad_weight."""
    return replace(seen, actual=replace(seen.actual, weight=weight))


def test_a_second_call_that_doubles_is_named():
    """Exactly twice the first: the gradient of the call before is still in it."""
    finding = one(lambda seen: replace(seen, second=Gradients(weight=seen.actual.weight * 2)))
    assert finding.id == "accumulates-between-calls"
    assert finding.message == (
        "The second call with the same arrays returns exactly twice the grad_weight of the first."
    )


def test_a_second_call_that_differs_is_not_repeatable():
    """Both values of the first entry that differs."""
    finding = one(lambda seen: replace(seen, second=Gradients(weight=seen.actual.weight + 1)))
    value = right_backward(integers(SPECS[0])).weight[0, 0, 0, 0]
    assert finding.id == "not-repeatable"
    assert finding.message == (
        "Two calls with the same arrays give different grad_weight: "
        f"entry [0, 0, 0, 0] is {value:.0f}, then {value + 1:.0f}."
    )


def test_changed_inputs_are_named():
    """All arguments that the call wrote into."""
    finding = one(lambda seen: replace(seen, mutated=("x", "grad_output")))
    assert finding.id == "mutates-input"
    assert finding.message == "The call changes its arguments x, grad_output."


def test_nan_comes_with_its_first_index():
    """Index, count and the geometry."""

    def poisoned(seen):
        weight = seen.actual.weight.copy()
        weight[0, 0, -1] = np.nan
        return replace(with_weight(seen, weight), second=None)

    finding = one(poisoned)
    assert finding.id == "not-finite"
    assert finding.message == (
        "grad_weight[0, 0, 2, 0] is nan, the first of 3 such entries "
        "(x (2, 3, 8, 7), weight (4, 3, 3, 3), stride 1, padding 1)."
    )


def test_errors_come_with_the_geometry_and_the_line():
    """It fails with padding 0 only, and the finding says so."""

    def crashing(seen):
        if max(seen.case.spec.padding) > 0:
            return seen
        return replace(seen, actual=Gradients(), second=None, error="IndexError: out of range.", error_line=12)

    finding = one(crashing)
    assert finding.id == "crashes"
    assert finding.line == 12
    assert finding.fails_when == "padding = 0"
    assert finding.message == (
        "It stops with an error (x (3, 2, 9, 7), weight (5, 2, 3, 2), stride 1, padding 0): IndexError: out of range."
    )


def test_a_time_limit_is_too_slow_and_not_a_crash():
    """Stopped by us, so only slowness is claimed."""
    finding = one(
        lambda seen: replace(seen, actual=Gradients(), second=None, error="stopped", timed_out=True, seconds=2.0)
    )
    assert finding.id == "too-slow"
    assert finding.message == ("No answer within 2 s (x (2, 3, 8, 7), weight (4, 3, 3, 3), stride 1, padding 1).")


def test_integer_results_are_named_by_their_dtype():
    """Whole numbers hide the cut, the dtype shows it."""
    finding = one(lambda seen: replace(seen, dtypes={"weight": "int64"}))
    assert finding.id == "integer-dtype"
    assert finding.message == "grad_weight is returned as int64: what follows the decimal point is cut off."


def test_a_bias_gradient_that_is_never_returned_is_missing():
    """None everywhere is missing; None where it crashed is not."""
    finding = one(lambda seen: replace(seen, actual=replace(seen.actual, bias=None)), "bias")
    assert finding.id == "bias-missing"
    assert finding.message == "grad_bias is not returned."


def test_float32_beside_another_mistake_is_probable_and_says_when():
    """Every field of the finding."""
    assert Finding(
        "single-precision",
        "input",
        "probable",
        "grad_input is probably computed in float32: large sums are off by no more than its rounding.",
        CATALOGUE["single-precision"].fix.replace("X", "x"),
        "a sum needs more than 24 bits",
    ) == rounded_too("input", Words(x="x"))


def test_a_shape_that_no_formula_has_is_told_with_the_geometries_on_which_it_comes():
    """The first of them is shown; without any there is nothing to say."""

    def evidence(batch, actual):
        case = integers(ConvSpec(batch, 1, 1, 2, 3, (2, 3)))
        return Evidence(Problem(case), np.zeros((batch, 1, 2, 3)), np.zeros(actual), 2.0**-53)

    right, first = evidence(1, (1, 1, 2, 3)), evidence(2, (2, 1, 2, 1))
    expected = Finding(
        "wrong-shape",
        "input",
        "proved",
        "grad_input has shape (2, 1, 2, 1) where (2, 1, 2, 3) is right; the part that both have is equal.",
        CATALOGUE["wrong-shape"].fix,
        "batch > 1",
    )

    assert [expected] == unexplained_shape([right, first, evidence(3, (3, 1, 1, 1))], "input", Words())
    assert [expected] == unexplained_shape([right, first], "input", Words())
    assert [] == unexplained_shape([right], "input", Words())
