"""`gradcheck run --backward file.py:name`: the user's backward in place of ours, in a worker process."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gradcheck_cli.diagnose import of_calls, words_of
from gradcheck_cli.layers import geometries
from gradcheck_cli.model import (
    GRADIENTS,
    Case,
    Check,
    Counterexample,
    GradientName,
    Gradients,
    RunOptions,
    TargetReport,
    Verdict,
)
from gradcheck_cli.model.errors import TargetError, UnrecognisedError
from gradcheck_cli.numbers.arithmetic import Judged, declared_slack
from gradcheck_cli.runs.picture.under_test import Diagnosis, UnderTest
from gradcheck_cli.runs.verify.places import code_of
from gradcheck_cli.runs.verify.target import judge, located
from gradcheck_cli.targets import Described, HowToCall, TargetRef, Worker, WorkerLimits, called_by, resolve
from gradcheck_cli.trials.answer import Answer
from gradcheck_cli.trials.asker import Asker, Called
from gradcheck_cli.trials.question import Question
from gradcheck_cli.trials.session import Session
from gradcheck_cli.trials.truth import Truths


class UserCode(UnderTest):
    """The user's backward under test; the small geometries of `verify` explain failures, and show what N = 1 hides."""

    def __init__(self, ref: TargetRef, worker: Called, described: Described, options: RunOptions) -> None:
        slack = declared_slack(options.arithmetic, described.rate)
        super().__init__(Judged(f"your {ref.name}", self._backward, slack))
        self.convention = f"{described.convention}, {described.layout}: {described.why}"
        self.name = ref.name
        self._ref, self._described, self._options = ref, described, options
        self._asker = Asker(worker, options.timeout)
        self._unfinished: list[Answer] = []

    def _backward(self, case: Case, _wanted: Sequence[GradientName] = GRADIENTS, /) -> Gradients:
        """The user's gradients; what its convention does not give is None. An error of the user's is a finding.

        After a call that took its process with it nothing is asked any more: on pictures the next one would take as
        long, and end in the same way.
        """
        if any(answer.died for answer in self._unfinished):
            return Gradients()
        answer = self._asker.ask(Question(self._ref.text, case.spec, "pictures", self._options.seed), case)
        if not answer.outcome.supported:
            raise TargetError(
                f"{self._ref.text} does not take this geometry: {answer.outcome.error}",
                hint="probably another --conv, --k, --stride or --padding, or one image; see `gradcheck verify`",
            )
        if not answer.ended:
            self._unfinished.append(answer)
        return answer.outcome.gradients

    def diagnose(self, found: Sequence[Check], /) -> Diagnosis:
        """What stopped it on the picture, and what `gradcheck verify` finds, which the picture may hide."""
        report = self._verified()
        holds = all(check.verdict is not Verdict.FAIL for check in found)
        hidden = self._hidden(report) if holds else ()
        words = words_of(self._described)
        stopped = of_calls(
            [answer.observation() for answer in self._unfinished[:1]], words, code_of(self._ref, self._described.line)
        )
        known = {finding.id for finding in stopped}
        findings = (*stopped, *(finding for finding in report.findings if finding.id not in known))
        holds = holds and report.verdict is not Verdict.FAIL
        example = report.counterexample if isinstance(report.counterexample, Counterexample) else None
        return Diagnosis(holds, findings, example, report.notes + hidden)

    def _hidden(self, report: TargetReport) -> tuple[str, ...]:
        """Mistakes that these pictures cannot show."""
        if report.verdict is not Verdict.FAIL:
            return ()
        named = ", ".join(dict.fromkeys(finding.id for finding in report.findings))
        return (f"right on these pictures, but wrong elsewhere ({named}): see `gradcheck verify {self._ref.text}`",)

    def _verified(self) -> TargetReport:
        """In a process of its own, which the picture cannot have killed."""
        settings = self._options.verifying(self._ref.text)
        with Worker(self._ref, WorkerLimits(timeout=settings.timeout), HowToCall.of(settings)) as worker:
            asker = Asker(worker, settings.timeout, time.perf_counter() + settings.timeout)
            transcript = Session(self._ref.text, asker, self._described, settings, Truths()).run(geometries.QUICK)
            return located(judge(self._ref, transcript, settings), self._ref, transcript, asker)


@contextmanager
def user_code(options: RunOptions) -> Iterator[UserCode]:
    """The target that `--backward` names, loaded in a worker for as long as the run needs it.

    Raises:
        TargetError: it is not there, cannot be loaded, or its convention cannot be told.
    """
    refs = resolve((options.backward,), called_by(options.call) if options.call else None)
    if len(refs) != 1:
        raise TargetError(
            f"--backward takes one target, and {options.backward} names {len(refs)}.",
            hint=f"one of them: --backward {refs[0].text}",
        )
    with Worker(refs[0], WorkerLimits(timeout=options.timeout), HowToCall.of(options)) as worker:
        try:
            described = worker.describe()
        except UnrecognisedError as error:
            # Who has a backward of something else is right to ask, and wrong here.
            see = f"gradcheck verify {refs[0].text} (run judges convolutions, verify any function)"
            raise UnrecognisedError(error.sentence, facts=error.facts, hint=error.hint, see=see) from error
        yield UserCode(refs[0], worker, described, options)
