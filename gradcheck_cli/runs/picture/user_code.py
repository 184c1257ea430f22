"""`gradcheck run --backward file.py:name`: the user's backward in place of ours, in a worker process."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gradcheck_cli.diagnose import Observation, of_calls, words_for
from gradcheck_cli.layers import geometries
from gradcheck_cli.model import Case, Check, Gradients, RunOptions, TargetReport, Verdict
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.numbers.arithmetic import Judged, declared_slack
from gradcheck_cli.runs.picture.under_test import Diagnosis, Trial
from gradcheck_cli.runs.verify.target import code_of, judge
from gradcheck_cli.targets import Described, HowToCall, TargetRef, Worker, WorkerLimits, called_by, resolve
from gradcheck_cli.trials.session import DEATHS, Session, with_limit
from gradcheck_cli.trials.trial import CANNOT_RUN, observation_of
from gradcheck_cli.trials.truth import Questions


class UserTrial(Trial):
    """The user's backward under test; the small geometries of `verify` explain failures, and show what N = 1 hides."""

    def __init__(self, ref: TargetRef, worker: Worker, described: Described, options: RunOptions) -> None:
        slack = declared_slack(options.arithmetic, described.rate)
        super().__init__(Judged(f"your {ref.name}", self._backward, slack))
        self.convention = f"{described.convention}, {described.layout}: {described.why}"
        self._ref, self._worker, self._described, self._options = ref, worker, described, options
        self._failures: list[Observation] = []
        self._dead = False

    def _backward(self, case: Case) -> Gradients:
        """The user's gradients; what its convention does not give is None. An error of the user's is a finding."""
        if self._dead:
            return Gradients()
        outcome = with_limit(self._worker.backward(case, calls=1), self._options.timeout)
        if not outcome.supported:
            raise TargetError(
                f"{self._ref.text} does not take this geometry: {outcome.error}",
                hint="probably other --k, --stride, --padding or one image; `gradcheck verify` tells what it takes",
            )
        if outcome.error_kind in CANNOT_RUN:
            self._failures.append(observation_of(case, outcome))
        self._dead = outcome.error_kind in DEATHS
        return outcome.gradients

    def diagnose(self, found: Sequence[Check], /) -> Diagnosis:
        """What stopped it on the picture, and what `gradcheck verify` finds, which the picture may hide."""
        report = self._verified()
        holds = all(check.verdict is not Verdict.FAIL for check in found)
        hidden = self._hidden(report) if holds else ()
        words = words_for(self._described.convention, self._described.layout, turned=self._described.flipped)
        stopped = of_calls(self._failures[:1], words, code_of(self._ref, self._described.line))
        told = {finding.id for finding in stopped}
        findings = (*stopped, *(finding for finding in report.findings if finding.id not in told))
        holds = holds and report.verdict is not Verdict.FAIL
        return Diagnosis(holds, findings, report.counterexample, report.notes + hidden)

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
            deadline = time.perf_counter() + settings.timeout
            session = Session(worker, self._described, settings, Questions(settings.seed), deadline)
            session.run(geometries.QUICK)
            return judge(self._ref, session)


@contextmanager
def user_trial(options: RunOptions) -> Iterator[UserTrial]:
    """The target that `--backward` names, loaded in a worker for as long as the run needs it.

    Raises:
        TargetError: it is not there, cannot be loaded, or its convention cannot be told.
    """
    refs = resolve((options.backward,), called_by(options.call) if options.call else None)
    if len(refs) != 1:
        raise TargetError(f"--backward takes one target, and {options.backward} names {len(refs)}.")
    with Worker(refs[0], WorkerLimits(timeout=options.timeout), HowToCall.of(options)) as worker:
        yield UserTrial(refs[0], worker, worker.describe(), options)
