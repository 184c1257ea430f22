"""What is asked to tell conditions apart, and what becomes of a condition that is refuted."""

import pytest
from answering import Answering, session_of

from gradcheck_cli.model import ConvSpec, Gradients, VerifyOptions
from gradcheck_cli.numbers.arithmetic import no_slack
from gradcheck_cli.runs.verify.target import judge
from gradcheck_cli.targets import Described, Outcome, TargetRef
from gradcheck_cli.trials.deciding import MOST_DECIDING

DESCRIBED = Described("function", "NCHW", "by the names of its parameters", 3, ("bias",))
FEW = [
    ConvSpec(1, 2, 3, 6, 6, (3, 3)),
    ConvSpec(1, 3, 2, 7, 6, (3, 3), padding=(1, 1)),
    ConvSpec(2, 2, 3, 6, 9, (3, 3), stride=(2, 2)),
    ConvSpec(3, 3, 2, 8, 6, (2, 2), stride=(2, 2)),
]


def where(wrong):
    """A target whose bias gradient is 3 times too large where `wrong(spec)`; where that is a word, it raises it."""

    def answer(truth):
        how = wrong(truth.case.spec)
        if isinstance(how, str) and how:
            return Outcome(Gradients(), error=how, error_kind="raised", error_line=1)
        bias = truth.gradients.bias * (3.0 if how else 1.0)
        return Outcome(Gradients(bias=bias), Gradients(bias=bias))

    return Answering(answer)


def judged(worker, specs=FEW):
    """What is known after a session over these geometries, and its report."""
    session = session_of(worker, DESCRIBED)
    session.try_all(specs)
    session.try_deciding()
    transcript = session.finished()
    return transcript, judge(TargetRef("user.py:f", "user.py", "f", 3), transcript, VerifyOptions(("user.py:f",)))


@pytest.mark.parametrize(
    ("wrong", "phrase"),
    [
        (lambda spec: spec.batch > 1, "batch > 1"),
        (lambda spec: max(spec.stride) > 1, "stride > 1"),
        (lambda spec: max(spec.stride) > 1 and spec.width > spec.height, "stride > 1 and the image is wider than high"),
    ],
)
def test_geometries_are_asked_until_one_condition_is_left(wrong, phrase):
    """Batch and stride never differ alone among the four; the answers to the others tell which of them it is."""
    transcript, report = judged(where(wrong))

    assert len(transcript.trials) > len(FEW)
    assert report.findings[0].fails_when == phrase
    assert f"when {phrase} (" in report.geometries.summary or "right only when" in report.geometries.summary


def test_an_error_has_its_condition_decided_too():
    """As a wrong gradient has."""
    _, report = judged(where(lambda spec: "KeyError: 1" if spec.batch > 1 else ""))
    assert [(found.id, found.fails_when) for found in report.findings] == [("crashes", "batch > 1")]


def test_the_other_side_of_a_condition_is_asked_where_it_may_raise():
    """Code that takes the rows for the columns is wrong on wide images; on high ones it raises."""

    def rows_for_columns(spec):
        return "IndexError: 7" if spec.height > spec.width + 1 else spec.width > spec.height

    transcript, report = judged(where(rows_for_columns), [spec for spec in FEW if spec.height <= spec.width + 1])
    raised = [trial for trial in transcript.trials if not trial.ended]
    assert raised
    said = {found.gradient: found.fails_when for found in report.findings}
    assert said["bias"] == "the image is wider than high, where the call ends"


def test_a_condition_that_is_refuted_is_given_up():
    """What no row of the table says is no condition, however many geometries are asked."""
    transcript, report = judged(where(lambda spec: (spec.batch * 7 + spec.height * 5 + spec.width * 3) % 11 < 4))
    assert {found.fails_when for found in report.findings} <= {""}
    assert report.geometries.summary.endswith("no single condition")
    assert len(transcript.trials) <= len(FEW) + MOST_DECIDING


def test_nothing_more_is_asked_of_what_is_right_or_wrong_everywhere():
    """No condition is to be found."""
    for wrong in (lambda spec: False, lambda spec: True):
        transcript, _ = judged(where(wrong))
        assert len(transcript.trials) == len(FEW)


def test_the_smallest_example_is_no_exception_to_the_condition():
    """It fails where the condition holds."""
    _, report = judged(where(lambda spec: spec.batch > 1))
    assert report.counterexample.spec.batch > 1


def test_no_trial_is_asked_twice():
    """Neither a geometry of the list nor one that decided."""
    worker = where(lambda spec: spec.batch > 1)
    session = session_of(worker, DESCRIBED)
    session.try_all(FEW)
    session.try_deciding()
    assert len(set(worker.asked)) == len(worker.asked) == len(session.trials)
    assert all(trial.slack is no_slack for trial in session.trials)
