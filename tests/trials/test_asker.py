"""The one door to a target."""

import time

import pytest
from answering import NAME, Answering, asked

from gradcheck_cli.model import ConvSpec, Gradients
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.targets import Outcome
from gradcheck_cli.trials.asker import Asker, Running
from gradcheck_cli.trials.question import Question

SPEC = ConvSpec(2, 1, 2, 5, 4, (2, 2))
CASE = asked(SPEC).case


def right(truth):
    """All gradients as they should be."""
    return Outcome(truth.gradients)


@pytest.mark.parametrize(
    ("probe", "calls"), [("narrow", "twice"), ("after-another", "after another"), ("pictures", "once")]
)
def test_the_question_says_how_the_target_is_called(probe, calls):
    """The answer holds the question, the numbers and what came of them."""
    worker, question = Answering(right), Question(NAME, SPEC, probe)
    answer = Asker(worker, 1.0).ask(question, CASE)

    assert [(SPEC, calls)] == worker.asked
    assert (question, CASE) == (answer.question, answer.case)
    assert answer.supported
    assert answer.is_comparable
    assert answer.ended
    assert not answer.died


def test_a_target_that_cannot_be_loaded_once_more_has_answered():
    """It has died for good; the sentence is that of the error."""

    def gone(_):
        raise TargetError("the file is gone.", hint="put it back")

    answer = Asker(Answering(gone), 1.0).ask(Question(NAME, SPEC), CASE)
    assert ("crashed", "the file is gone.") == (answer.outcome.error_kind, answer.outcome.error)
    assert answer.died
    assert not answer.ended


def test_a_forward_that_computes_something_else_is_an_answer_without_comparable_gradients():
    """The target takes the geometry, in its way."""
    outcome = Outcome(Gradients(), supported=False, error_kind="refused", wrong_forward="(2, 2) where (1, 1) is right")
    answer = Asker(Answering(lambda _: outcome), 1.0).ask(Question(NAME, SPEC), CASE)

    assert answer.supported
    assert not answer.is_comparable


def test_who_asks_can_see_that_the_time_is_up():
    """Nothing is late without a deadline; more time can be allowed."""
    assert not Asker(Answering(right), 1.0).is_late
    late = Asker(Answering(right), 1.0, deadline=time.perf_counter() - 1)
    assert late.is_late
    late.allow(60.0)
    assert not late.is_late
    late.allow(-1.0)
    assert late.is_late


def test_nothing_is_asked_after_an_interrupt():
    """Of none of the targets of a run."""
    running = Running()
    workers = [Answering(right), Answering(right)]
    for worker in workers:
        running.watch(worker)
    running.end()

    assert all(worker.closed for worker in workers)
    for worker in workers:
        with pytest.raises(InterruptedError):
            Asker(worker, 1.0, running=running).ask(Question(NAME, SPEC), CASE)
    with pytest.raises(InterruptedError):
        running.watch(Answering(right))
