"""A search that is led by how far the code came."""

import time

import pytest

from gradcheck_cli.targets.functions.inputs.guided import FORWARD_ENDED, further, guided, progress_of
from gradcheck_cli.targets.functions.inputs.proposals import Proposal

SHAPES = [Proposal("real", axes) for axes in ("n d", "d m", "m n", "n", "d", "t")]
SOON = 60.0


def search(wanted, tried):
    """Four parameters, each of which the code looks at after the one before."""

    def attempt(choice):
        tried.append(choice)
        right = [place == want for place, want in zip(choice, wanted, strict=True)]
        return None if all(right) else (right.index(False),)

    return next(guided([SHAPES] * len(wanted), attempt, time.thread_time() + SOON), None)


def test_as_many_calls_as_there_are_proposals_lead_to_the_one_that_fits():
    """20 neighbours for each of 4 steps, of 6 * 6 * 6 * 6 choices; each step further is kept."""
    tried = []
    assert (5, 4, 5, 3) == search((5, 4, 5, 3), tried)
    assert len(tried) <= 1 + 4 * 20


def test_two_changes_that_only_help_together_are_found_as_well():
    """Where no single change comes farther, two are tried."""
    choices = guided([SHAPES, SHAPES], lambda choice: None if choice == (2, 3) else (0,), time.thread_time() + SOON)
    assert (2, 3) == next(choices)


def test_it_ends_where_nothing_fits():
    """After all choices, or the most that are asked for."""
    assert [] == list(guided([SHAPES[:2]] * 2, lambda _: (0,), time.thread_time() + SOON))
    tried = []
    assert [] == list(guided([SHAPES] * 3, lambda choice: tried.append(choice) or (0,), time.thread_time() + SOON, 7))
    assert 7 == len(tried)


def test_the_instruction_that_raised_says_how_far_a_call_came():
    """A later one of the same function counts more; what other files do is not seen."""
    code = compile("def f(x):\n    y = 1 / x[0]\n    return y / x[1]", "user.py", "exec")
    exec(code, space := {})
    came = []
    for argument in ([0, 1], [1, 0]):
        with pytest.raises(ZeroDivisionError) as raised:
            space["f"](argument)
        came.append(progress_of(raised.value, "user.py"))
    assert () < came[0] < came[1] < (FORWARD_ENDED,)
    assert () == progress_of(raised.value, "other.py")


def test_what_a_name_proposes_stays_in_front():
    """Further shapes follow; a plain number may also be another number; what keeps its default is left alone."""
    assert [*SHAPES[:2], Proposal("real", "t t")] == further(SHAPES[:2], ("n d", "t t"))
    assert Proposal("constant", value=12) in further([Proposal("constant", value=0.5)], ())
    assert [Proposal("keep")] == further([Proposal("keep")], ("n d",))
