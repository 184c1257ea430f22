"""Named reasons for a way to call a target: their order, and what is enough of them."""

import itertools

import pytest

from gradcheck_cli.targets.conventions.reasons import NO_REASON, NOTHING_RIGHT, Reasons

# From what settles it to what speaks against it: each before all that follow, however many of these come together.
FALLING = (
    Reasons(forward=True, misshapen=3, tripped=True),
    Reasons(right=2, misshapen=1),
    Reasons(right=1, proportional=1),
    Reasons(right=1, misshapen=2),
    Reasons(proportional=2, tripped=True),
    Reasons(proportional=1, misshapen=1),
    Reasons(bias=True, in_text=True),
    Reasons(in_text=True),
    NO_REASON,
    NOTHING_RIGHT,
    Reasons(misshapen=1, bias=True, in_text=True),
    Reasons(misshapen=2),
)


@pytest.mark.parametrize(("stronger", "weaker"), list(itertools.pairwise(FALLING)))
def test_a_stronger_reason_counts_before_all_weaker_ones(stronger, weaker):
    """One of them is enough, and none below makes up for it."""
    assert stronger.order > weaker.order


def test_one_hint_is_worth_as_much_as_another():
    """A right bias and a word in the text tie: neither tells one layout from another."""
    assert Reasons(bias=True).order == Reasons(in_text=True).order
    assert Reasons(bias=True, tripped=True).order == NO_REASON.order


@pytest.mark.parametrize(
    ("reasons", "suffice"),
    [
        (Reasons(forward=True, misshapen=2), True),
        (Reasons(right=1), True),
        (Reasons(right=1, bias=True, tripped=True), True),
        (Reasons(proportional=2), True),
        (Reasons(right=2, misshapen=1, tripped=True), True),
        (Reasons(right=1, tripped=True), False),
        (Reasons(right=1, misshapen=1), False),
        (Reasons(proportional=1, bias=True), False),
        (Reasons(bias=True, in_text=True), False),
        (NO_REASON, False),
    ],
)
def test_what_is_enough_to_be_sure_of_a_call(reasons, suffice):
    """Its forward; two gradients; or one where nothing speaks against it. Hints alone never are."""
    assert suffice == reasons.suffice


@pytest.mark.parametrize(
    ("reasons", "speak", "decide"),
    [
        (Reasons(right=1, misshapen=2), True, True),
        (Reasons(proportional=1), True, True),
        (Reasons(bias=True, in_text=True), True, True),
        (Reasons(bias=True), True, False),
        (Reasons(misshapen=1, bias=True, in_text=True), False, False),
        (NO_REASON, False, False),
        (NOTHING_RIGHT, False, False),
    ],
)
def test_what_speaks_for_a_call_and_what_decides_between_layouts(reasons, speak, decide):
    """A number that agrees does both; one hint speaks and does not decide."""
    assert (speak, decide) == (reasons.speak, reasons.decide)


def test_a_layout_that_tripped_before_keeps_its_other_reasons():
    """Nothing else of them changes."""
    assert Reasons(right=1, tripped=True) == Reasons(right=1).after(True)
