"""The search for the change of the user's text that makes it right."""

import math

import pytest
from answering import Answering, asked, trial_of

from gradcheck_cli.diagnose.changes import Change
from gradcheck_cli.model import ConvSpec, Gradients, Verdict
from gradcheck_cli.targets import Outcome, TextEdit
from gradcheck_cli.trials.asker import Asker
from gradcheck_cli.trials.mending import MOST_ASKED_EVERYWHERE, Mending

SPECS = [ConvSpec(1, 1, 2, 5, 4, (2, 2)), ConvSpec(2, 1, 2, 5, 4, (2, 2)), ConvSpec(3, 2, 1, 6, 6, (3, 3))]


def change(line, cost=1):
    """One on that line; what it does is the target's affair."""
    return Change(TextEdit(line, 0, line, 1, "x"), (line, 0, line, 1), True, "", cost)


def scaled(truth, factor):
    """The right gradients times a factor."""
    gradients = {name: array * factor for name, array in truth.gradients.items()}
    return Outcome(Gradients(**gradients))


def mean(truth):
    """The mean over the batch."""
    return scaled(truth, 1 / truth.case.spec.batch)


class Edited(Answering):
    """A target that takes the mean over the batch; with an edit on a line it answers as `ways` says."""

    def __init__(self, ways):
        super().__init__(lambda truth: ways.get(self.edits[0].line if self.edits else None, mean)(truth))


def search(ways, changes, **settings):
    """What the search finds on three geometries, two of which show the mean; and the worker."""
    trials = [trial_of(asked(spec), mean(asked(spec))) for spec in SPECS]
    worker = Edited(ways)
    mending = Mending(
        Asker(worker, 1.0, **settings),
        trials,
        lambda trial: trial.verdict("weight") is Verdict.FAIL,
        lambda trial: trial.verdict("weight") is Verdict.PASS,
    )
    return mending.search(changes), worker


def right(truth):
    """All right."""
    return scaled(truth, 1)


def double(truth):
    """Right for a batch of two only."""
    return scaled(truth, 2 / truth.case.spec.batch)


def test_the_change_that_is_right_everywhere_is_found():
    """One that is right on the smallest example, and wrong where the target was right before, mends nothing."""
    found, worker = search({3: right, 4: double}, [change(3), change(4), change(5)])
    assert found == [change(3)]
    assert worker.edits == ()


def test_every_change_that_supposes_as_little_is_found_and_none_that_supposes_more():
    """Who asks sees whether there is one place or several; what supposes more is not even tried."""
    changes = [change(3, 1), change(4, 2), change(5, 2), change(6, 3)]
    found, _ = search({4: right, 5: right, 6: right}, changes)
    assert found == [change(4, 2), change(5, 2)]


def test_nothing_mends_it():
    """Then nothing is said."""
    assert search({}, [change(3), change(4)])[0] == []


def test_a_change_that_cannot_be_put_is_passed_over():
    """No question is asked of it."""
    found, _ = search({0: right, 3: right}, [change(0), change(3)])
    assert found == [change(3)]


def test_nothing_is_said_where_a_change_takes_the_process_with_it():
    """What would have been tried after it is not known."""
    died = Outcome(Gradients(), error="the process was ended by SIGSEGV", error_kind="crashed")
    found, worker = search({3: right, 4: lambda _: died}, [change(3), change(4), change(5)])
    assert found == []
    assert worker.edits == ()


def test_nothing_is_said_where_the_time_is_up():
    """No question is asked."""
    found, worker = search({3: right}, [change(3)], deadline=-math.inf)
    assert (found, worker.asked) == ([], [])


def test_nothing_is_said_where_too_many_hold_on_the_smallest_example():
    """They are not all asked everywhere, so none is known to be the only one."""
    lines = range(1, MOST_ASKED_EVERYWHERE + 3)
    found, _ = search(dict.fromkeys(lines, right), [change(line) for line in lines])
    assert found == []


@pytest.mark.parametrize("in_one_call", [True, False])
def test_the_first_look_is_as_short_as_it_may_be(in_one_call):
    """Where a second call shows it, each look takes two."""
    trials = [trial_of(asked(SPECS[1]), mean(asked(SPECS[1])))]
    worker = Edited({})
    Mending(Asker(worker, 1.0), trials, lambda _: True, lambda _: False, in_one_call).search([change(3)])
    assert [calls for _, calls in worker.asked] == ["once" if in_one_call else "twice"]


def test_without_a_trial_that_shows_it_nothing_is_asked():
    """There is nothing to mend."""
    worker = Edited({})
    assert Mending(Asker(worker, 1.0), [], lambda _: True, lambda _: True).search([change(3)]) == []
    assert worker.asked == []
