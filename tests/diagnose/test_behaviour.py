"""Mistakes that show in what happened."""

from dataclasses import replace

import numpy as np
import pytest
from mistaken import SPECS, integers, right_backward

from gradcheck_cli.diagnose import Observation, diagnose
from gradcheck_cli.diagnose.behaviour import behaviour, rounded_too, single_precision, unexplained_shape
from gradcheck_cli.diagnose.observation import Comparison
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.model import Case, ConvSpec, Finding, Gradients


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
    assert (finding.id, finding.gradient, finding.line) == ("mutates-input", "weight", None)
    assert finding.message == "The call changes its arguments x, grad_output."

    finding = one(lambda seen: replace(seen, mutated=("dout",), error_line=3))
    assert (finding.message, finding.line) == ("The call changes its argument dout.", None)


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


@pytest.mark.parametrize(("count", "more"), [(1, ""), (2, ", the first of 2 such entries")])
def test_a_single_nan_is_the_only_one(count, more):
    """Two are counted; NaN in the same places of both calls is no difference between them."""
    observation = Observation(integers(SPECS[0]), right_backward(integers(SPECS[0])))
    bias = observation.actual.bias.copy()
    bias[:count] = np.inf
    seen = replace(observation, actual=Gradients(bias=bias), second=Gradients(bias=bias.copy()))
    (finding,) = behaviour([seen], "bias", Words())

    assert finding.id == "not-finite"
    told = "grad_bias[0] is inf{} (x (2, 3, 8, 7), weight (4, 3, 3, 3), stride 1, padding 1)."
    assert told.format(more) == finding.message

    bias[:count] = np.nan
    poisoned = replace(observation, actual=Gradients(bias=bias), second=Gradients(bias=bias.copy()))
    assert ["not-finite"] == [finding.id for finding in behaviour([poisoned], "bias", Words())]


def test_a_call_that_raised_shows_no_behaviour_of_a_gradient():
    """It is a finding of its own; whether the second call doubles is known where both ended, so there is no "when"."""

    def changed(seen):
        if seen.case.spec.padding == (0, 0):
            return replace(seen, actual=Gradients(), second=None, error="IndexError: 3")
        return replace(seen, second=Gradients(weight=seen.actual.weight * 2))

    finding = one(changed)
    assert (finding.id, finding.fails_when) == ("accumulates-between-calls", "")
    assert () == diagnose(observations(lambda seen: replace(seen, actual=Gradients(), error="KeyError: 1")), "bias")


def test_integer_results_are_named_by_their_dtype():
    """Whole numbers hide the cut, the dtype shows it."""
    finding = one(lambda seen: replace(seen, dtypes={"weight": "int64"}))
    assert finding.id == "integer-dtype"
    assert finding.message == "grad_weight is returned as int64: what follows the decimal point is cut off."

    for dtype in (np.int32, np.uint8):
        seen = Observation(integers(SPECS[0]), Gradients(weight=np.ones(SPECS[0].weight_shape, dtype)))
        (finding,) = behaviour([seen], "weight", Words())
        assert (
            f"grad_weight is returned as {np.dtype(dtype)}: what follows the decimal point is cut off."
            == finding.message
        )
    assert [] == behaviour([Observation(integers(SPECS[0]), Gradients())], "weight", Words())


def test_a_bias_gradient_that_is_never_returned_is_missing():
    """None everywhere is missing; None where it crashed is not."""
    finding = one(lambda seen: replace(seen, actual=replace(seen.actual, bias=None)), "bias")
    assert finding.id == "bias-missing"
    assert finding.message == "grad_bias is not returned."

    with_bias = Observation(integers(SPECS[0]), right_backward(integers(SPECS[0])))
    without = replace(with_bias, actual=replace(with_bias.actual, bias=None))
    assert [] == behaviour([without, with_bias], "bias", Words())


def test_float32_beside_another_mistake_is_probable_and_says_when():
    """Every field of the finding."""
    assert Finding(
        "single-precision",
        "input",
        "probable",
        "grad_input is probably computed in float32: large sums are off by no more than its rounding.",
        "Probably: " + CATALOGUE["single-precision"].fix.replace("X", "x"),
        "a sum needs more than 24 bits",
    ) == rounded_too("input", Words(x="x"))


def test_a_shape_that_no_formula_has_is_told_with_the_geometries_on_which_it_comes():
    """The first of them is shown; without any there is nothing to say."""

    def evidence(batch, actual):
        case = integers(ConvSpec(batch, 1, 1, 2, 3, (2, 3)))
        return Comparison(Problem(case), np.zeros((batch, 1, 2, 3)), np.zeros(actual), 2.0**-53)

    right, first = evidence(1, (1, 1, 2, 3)), evidence(2, (2, 1, 2, 1))
    expected = Finding(
        "wrong-shape",
        "input",
        "proved",
        "grad_input has shape (2, 1, 2, 1) where (2, 1, 2, 3) is right; the part that both have is equal.",
        "Probably: make it as zeros in the shape of X, and add into it.",
        "batch > 1",
    )

    assert [expected] == unexplained_shape([right, first, evidence(3, (3, 1, 1, 1))], "input", Words())
    assert [expected] == unexplained_shape([right, first], "input", Words())
    assert [] == unexplained_shape([right], "input", Words())


@pytest.mark.parametrize("right", [True, False])
def test_axes_of_length_1_are_mended_by_a_reshape_where_that_was_tried(right):
    """The returned numbers in the right shape are the right gradient, or they are not."""

    def kept(seen):
        return replace(
            seen, actual=replace(seen.actual, bias=seen.actual.bias[None, :, None, None] * (1 if right else 2))
        )

    finding = next(found for found in diagnose(observations(kept), "bias") if found.id == "wrong-shape")
    assert (
        finding.message == "grad_bias has shape (1, 4, 1, 1) where (4,) is right; axes of length 1 are the difference."
    )
    assert finding.fix == (
        "Return it in the shape of the bias: its numbers are right."
        if right
        else "Probably: make it as zeros in the shape of the bias, and add into it."
    )


WIDE = ConvSpec(1, 1, 1, 1, 4, (1, 2))


def float32_evidence(*errors):
    """X = 2^30 and G = 1: A = 3 * 2^30 for both taps; (3 + 2 + 2) u A is 1344 in float32, 21 * 2^-23 in float64."""
    case = Case(WIDE, np.full((1, 1, 1, 4), 2.0**30), np.ones((1, 1, 1, 2)), np.ones(1), np.ones((1, 1, 1, 3)))
    right = np.zeros((1, 1, 1, 2))
    return Comparison(Problem(case), right, right + np.array(errors), 2.0**-53)


def precision(*evidence):
    """The finding of `single_precision` on grad_weight."""
    return single_precision(evidence, "weight", Words(x="x"))


def test_float32_is_proved_where_every_number_is_one():
    """Every field; the first wrong entry of the first wrong observation is shown."""
    right, first, later = float32_evidence(0, 0), float32_evidence(0, 3), float32_evidence(5, 5)
    expected = Finding(
        "single-precision",
        "weight",
        "proved",
        "grad_weight is right to 24 bits only: it is computed in float32, and "
        "on small integers entry [0, 0, 0, 1] is 3 where 0 is right.",
        CATALOGUE["single-precision"].fix.replace("X", "x"),
        "a sum needs more than 24 bits",
    )
    assert [expected] == precision(right, first, later)

    (both,) = precision(later)
    assert "entry [0, 0, 0, 0] is 5 where 0 is right" in both.message

    (probable,) = precision(first, float32_evidence(0, 1 / 3))
    assert probable.certainty == "probable"
    assert probable.message == expected.message.replace("it is computed", "probably computed")


@pytest.mark.parametrize(
    ("error", "named"),
    [(1344, True), (-1344, True), (np.nextafter(1344, 1e9), False), (21 * 2.0**-23, False), (22 * 2.0**-23, True)],
)
def test_float32_is_as_far_off_as_float32_may_be(error, named):
    """By more than float64's rounding, by no more than float32's, both with n + 2 and the taps as the terms."""
    assert named is bool(precision(float32_evidence(0, error)))


def test_float32_explains_all_that_is_wrong_or_nothing():
    """One entry too far off, another shape, nothing wrong at all."""
    assert [] == precision(float32_evidence(3, 3), float32_evidence(3, 2000))
    odd = float32_evidence(0, 3)
    assert [] == precision(odd, replace(odd, actual=np.zeros(3)))
    assert [] == precision(float32_evidence(0, 0))
    assert [] == precision()
