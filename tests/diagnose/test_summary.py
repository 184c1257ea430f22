"""Conditions that agree with every result."""

import pytest
from hypothesis import given, strategies as st
from mistaken import SPECS

from gradcheck_cli.diagnose import condition, summarise_geometries, with_conditions_that_hold
from gradcheck_cli.model import ConvSpec, Finding


def results(wrong):
    """Every geometry, right unless `wrong` says otherwise."""
    return [(spec, not wrong(spec)) for spec in SPECS]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (lambda spec: False, "right on all 15 geometries"),
        (lambda spec: True, "wrong on all 15 geometries"),
        (lambda spec: spec.padding == (0, 0), "right, except when padding = 0 (wrong on 6 of 15 geometries)"),
        (lambda spec: spec.groups > 1, "right, except when groups > 1 (wrong on 2 of 15 geometries)"),
        (
            lambda spec: spec.batch > 1,
            "right only when batch = 1 (wrong on 12 of 15 geometries)",
        ),
        (
            lambda spec: spec.stride > (1, 1) and spec.padding == (0, 0),
            # One wrong geometry fits many pairs of conditions: none of them is known.
            "wrong on 1 of 15 geometries; no single condition",
        ),
        (
            lambda spec: spec.stride > (1, 1) or spec.batch == 1,
            "right, except when batch = 1 or stride > 1 (wrong on 7 of 15 geometries)",
        ),
    ],
)
def test_the_sentence_names_the_cause(wrong, expected):
    """Single conditions first, then pairs."""
    assert summarise_geometries(results(wrong)) == expected


def test_no_cause_is_admitted():
    """A set that no condition and no pair describes."""
    picked = [(spec, place not in (0, 3, 5, 8, 10)) for place, spec in enumerate(SPECS)]
    assert summarise_geometries(picked) == "wrong on 5 of 15 geometries; no single condition"


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ([True], "right on the one geometry compared"),
        ([False], "wrong on the one geometry compared"),
        ([True, True], "right on all 2 geometries"),
        ([False, False], "wrong on all 2 geometries"),
        ([False, True], "wrong on 1 of 2 geometries; no single condition"),
    ],
)
def test_one_geometry_is_spoken_of_as_one(right, expected):
    """And two are all."""
    assert summarise_geometries(list(zip(SPECS, right, strict=False))) == expected


def test_of_half_of_them_the_exception_is_told_and_not_the_rule():
    """They differ in the batch alone."""
    specs = [ConvSpec(batch, 1, 1, 6, 6, (3, 3)) for batch in (1, 2)]
    told = summarise_geometries(list(zip(specs, [True, False], strict=True)))
    assert told == "right, except when batch > 1 (wrong on 1 of 2 geometries)"


def test_nothing_compared_is_no_pass():
    """No result, no praise."""
    assert summarise_geometries([]) == "no geometry was compared"


@given(st.lists(st.booleans(), min_size=len(SPECS), max_size=len(SPECS)))
def test_a_condition_is_never_given_when_all_are_alike(right):
    """Always right or always wrong has no condition; everything else is counted truly."""
    picked = list(zip(SPECS, right, strict=True))
    text = summarise_geometries(picked)
    if all(right) or not any(right):
        assert condition(picked) == ""
    else:
        assert f"wrong on {right.count(False)} of 15 geometries" in text


def finding(when, certainty="proved"):
    """A finding with this condition."""
    return Finding("batch-mean", "weight", certainty, "it divides", "do not", when)


def conditions_of(findings, known, *more):
    """What is left of their conditions."""
    return [found.fails_when for found in with_conditions_that_hold(findings, known, *more)]


def test_a_condition_that_the_smallest_example_contradicts_is_not_said():
    """Wrong for padding 0 as far as it was asked, and right on a smaller one."""
    known = results(lambda spec: spec.padding == (0, 0))
    small = ConvSpec(1, 1, 1, 1, 1, (1, 1))
    assert conditions_of([finding("padding = 0")], known) == ["padding = 0"]
    assert conditions_of([finding("padding = 0")], known, [(small, False)]) == ["padding = 0"]
    assert conditions_of([finding("padding = 0")], known, [(small, True)]) != ["padding = 0"]
    assert "padding = 0" not in summarise_geometries(known, [(small, True)]).split(" (")[0].split(" and ")
    assert summarise_geometries(known, [(small, False)]).startswith("right, except when padding = 0 (wrong on 6 of 15")


def test_of_several_causes_each_keeps_a_condition_that_holds():
    """The one that holds on a right geometry goes; where a wrong one is left over, all go."""
    both = [finding("batch > 1"), finding("padding = 0")]
    known = results(lambda spec: spec.batch > 1 or spec.padding == (0, 0))
    small = ConvSpec(1, 1, 1, 1, 1, (1, 1))
    assert conditions_of(both, known) == ["batch > 1", "padding = 0"]
    assert conditions_of(both, known, [(small, True)]) == ["batch > 1", ""]
    assert conditions_of(both, [*known, (ConvSpec(1, 1, 1, 5, 5, (3, 3), padding=(1, 1)), False)]) == ["", ""]


def test_what_explains_a_part_has_no_condition_that_leaves_wrong_geometries_out():
    """It says when that part shows, not when the code fails; a condition on the data is none on the geometry."""
    known = results(lambda spec: spec.batch > 1)
    assert conditions_of([finding("dilation > 1", "probable")], known) == [""]
    assert conditions_of([finding("stride > 1", "probable")], known) == [""]
    assert conditions_of([finding("batch > 1", "probable")], known) == ["batch > 1"]
    assert conditions_of([finding("a sum needs more than 24 bits")], known) == ["a sum needs more than 24 bits"]
    assert conditions_of([], known) == []
