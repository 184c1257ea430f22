"""What is asked to tell conditions apart, and what becomes of a condition that is refuted."""

import pytest

from gradcheck_cli.model import ConvSpec, Gradients, VerifyOptions
from gradcheck_cli.numbers.arithmetic import no_slack
from gradcheck_cli.runs.verify.target import judge
from gradcheck_cli.targets import Described, Outcome, TargetRef
from gradcheck_cli.trials.deciding import MOST_DECIDING
from gradcheck_cli.trials.session import Session
from gradcheck_cli.trials.trial import Trial
from gradcheck_cli.trials.truth import Questions

DESCRIBED = Described("function", "NCHW", "by the names of its parameters", 3, ("bias",))
FEW = [
    ConvSpec(1, 2, 3, 6, 6, (3, 3)),
    ConvSpec(1, 3, 2, 7, 6, (3, 3), padding=(1, 1)),
    ConvSpec(2, 2, 3, 6, 9, (3, 3), stride=(2, 2)),
    ConvSpec(3, 3, 2, 8, 6, (2, 2), stride=(2, 2)),
]


class Answering:
    """A worker whose backward is a function of the case; `refuses` says which geometries it does not take."""

    def __init__(self, wrong, refuses=lambda spec: False):
        self.wrong, self.refuses, self.asked = wrong, refuses, []

    def backward(self, case, calls):
        """The right bias gradient, times 3 where it is to be wrong; an exception where that says so."""
        self.asked.append(case.spec)
        if self.refuses(case.spec):
            return Outcome(Gradients(), supported=False, error="no", error_kind="refused")
        wrong = self.wrong(case.spec)
        if isinstance(wrong, str) and wrong:
            return Outcome(Gradients(), error=wrong, error_kind="raised", error_line=1)
        bias = case.grad_output.sum(axis=(0, 2, 3)) * (3.0 if wrong else 1.0)
        return Outcome(Gradients(bias=bias), Gradients(bias=bias))


def judged(worker, specs=FEW):
    """A session over these geometries, and its report."""
    session = Session(worker, DESCRIBED, VerifyOptions(("user.py:f",), timeout=100.0), Questions(0), float("inf"))
    session.try_all(specs)
    session.try_deciding()
    return session, judge(TargetRef("user.py:f", "user.py", "f", 3), session)


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
    session, report = judged(Answering(wrong))

    assert len(session.trials) > len(FEW)
    assert report.findings[0].fails_when == phrase
    assert f"when {phrase} (" in report.geometries.summary or "right only when" in report.geometries.summary


def test_an_error_has_its_condition_decided_too():
    """As a wrong gradient has."""
    _, report = judged(Answering(lambda spec: "KeyError: 1" if spec.batch > 1 else ""))
    assert [(found.id, found.fails_when) for found in report.findings] == [("crashes", "batch > 1")]


def test_a_condition_that_is_refuted_is_given_up():
    """What no row of the table says is no condition, however many geometries are asked."""
    session, report = judged(Answering(lambda spec: (spec.batch * 7 + spec.height * 5 + spec.width * 3) % 11 < 4))
    assert {found.fails_when for found in report.findings} <= {""}
    assert report.geometries.summary.endswith("no single condition")
    assert len(session.trials) <= len(FEW) + MOST_DECIDING


def test_nothing_more_is_asked_of_what_is_right_or_wrong_everywhere():
    """No condition is to be found."""
    for wrong in (lambda spec: False, lambda spec: True):
        session, _ = judged(Answering(wrong))
        assert len(session.trials) == len(FEW)


def test_the_smallest_example_is_no_exception_to_the_condition():
    """It fails where the condition holds."""
    _, report = judged(Answering(lambda spec: spec.batch > 1))
    assert report.counterexample.spec.batch > 1


def test_no_trial_is_asked_twice():
    """Neither a geometry of the list nor one that decided."""
    worker = Answering(lambda spec: spec.batch > 1)
    session = Session(worker, DESCRIBED, VerifyOptions(("user.py:f",)), Questions(0), float("inf"))
    session.try_all(FEW)
    session.try_deciding()
    assert len(set(worker.asked)) == len(worker.asked)
    assert all(isinstance(trial, Trial) and trial.slack is no_slack for trial in session.trials)
