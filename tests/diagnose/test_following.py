"""Errors that a named mistake explains are told with it, and others by themselves."""

from dataclasses import replace

import pytest
from mistaken import SPECS, integers, right_backward

from gradcheck_cli.diagnose import Observation, without_followers
from gradcheck_cli.model import ConvSpec, Finding, Gradients

MIXED = Finding("rows-columns-mixed", "weight", "proved", "It mixes them.", "Do not.", "the kernel is not square")
CRASH = Finding(
    "crashes",
    "call",
    "proved",
    "The backward raises on 4 of 15 geometries, first with x (3, 2, 9, 7): IndexError: index 3 is out of bounds.",
    "Take every size from the arrays.",
    "the kernel is higher than wide",
    12,
)


def called(raises, line=12):
    """One call on every geometry; those that raise do so on this line."""
    ended = [Observation(integers(spec), right_backward(integers(spec))) for spec in SPECS if not raises(spec)]
    raised = [
        Observation(integers(spec), Gradients(), error="IndexError", error_line=line) for spec in SPECS if raises(spec)
    ]
    return [*ended, *raised]


def tall(spec):
    """A kernel that is higher than wide."""
    return spec.kernel_size[0] > spec.kernel_size[1]


def test_an_error_that_comes_only_where_the_mistake_does_is_told_with_it():
    """Its line and its words are kept, its own mend is not."""
    count = sum(map(tall, SPECS))
    assert without_followers([MIXED, CRASH], called(tall)) == [
        replace(
            MIXED,
            message=f"It mixes them. The call raises on {count} of these geometries at line 12: "
            "IndexError: index 3 is out of bounds.",
        )
    ]


@pytest.mark.parametrize(
    ("named", "crash", "raises"),
    [
        (MIXED, CRASH, lambda spec: max(spec.padding) == 0),
        (replace(MIXED, certainty="probable"), CRASH, tall),
        (replace(MIXED, fails_when=""), CRASH, tall),
        (replace(MIXED, id="batch-mean"), CRASH, tall),
        (MIXED, replace(CRASH, message="The backward raises: NameError: name 'pad' is not defined."), tall),
        (MIXED, replace(CRASH, line=13), tall),
    ],
    ids=["elsewhere too", "not proved", "no condition", "another mistake", "not of sizes", "another line"],
)
def test_any_other_error_stays_a_finding(named, crash, raises):
    """It may have a reason of its own."""
    assert without_followers([named, crash], called(raises)) == [named, crash]


def test_groups_that_do_not_fit_follow_from_groups():
    """Only where there are groups."""
    groups = replace(MIXED, id="groups-ignored", fails_when="groups > 1")
    kept = without_followers([groups, CRASH], called(lambda spec: spec.groups == 2))
    assert [finding.id for finding in kept] == ["groups-ignored"]
    one = [*called(lambda spec: False), Observation(integers(ConvSpec(1, 1, 1, 3, 4, (2, 2))), Gradients(), error="x")]
    assert len(without_followers([groups, CRASH], one)) == 2


def test_calls_that_differ_need_no_other_reason_than_what_is_kept_of_each():
    """Of the same gradient: after other numbers the sum is no double. Of another one it is a finding of its own."""
    adds = Finding("accumulates-between-calls", "weight", "proved", "Twice.", "Start from zeros.")
    differs = Finding("not-repeatable", "weight", "proved", "They differ.", "Fill it.")
    assert without_followers([adds, differs], []) == [adds]
    other = replace(differs, gradient="bias")
    assert without_followers([adds, other], []) == [adds, other]
    assert without_followers([differs], []) == [differs]
