"""`gradcheck run --backward file.py:name`: the user's backward in place of ours, in a worker process."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gradcheck_cli import geometries
from gradcheck_cli.checks import Judged, fft_slack, no_slack
from gradcheck_cli.errors import TargetError
from gradcheck_cli.experiment.trial import Diagnosis, Trial
from gradcheck_cli.model import Case, Check, Gradients, RunOptions, Verdict, VerifyOptions
from gradcheck_cli.targets import Described, TargetRef, Worker, WorkerLimits, resolve
from gradcheck_cli.verification.session import Session
from gradcheck_cli.verification.target import judge
from gradcheck_cli.verification.truth import Questions


class UserTrial(Trial):
    """The user's backward under test; a failure is explained on the small geometries of `verify`."""

    def __init__(self, ref: TargetRef, worker: Worker, described: Described, options: RunOptions) -> None:
        slack = fft_slack if options.arithmetic == "fft" else no_slack
        super().__init__(Judged(f"your {ref.name}", self._backward, slack))
        self.convention = f"{described.convention}, {described.layout}: {described.why}"
        self._ref, self._worker, self._described, self._options = ref, worker, described, options

    def _backward(self, case: Case) -> Gradients:
        """The user's gradients; what its convention does not give is None. An error of the user's is a finding."""
        outcome = self._worker.backward(case, calls=1)
        if not outcome.supported:
            raise TargetError(
                f"{self._ref.text} does not take this geometry: {outcome.error}",
                hint="probably other --k, --stride, --padding or one image; `gradcheck verify` tells what it takes",
            )
        return outcome.gradients

    def diagnose(self, found: Sequence[Check], /) -> Diagnosis:
        """What is wrong with it, if a check failed: the findings of `gradcheck verify`."""
        if all(check.verdict is not Verdict.FAIL for check in found):
            return Diagnosis(notes=self._described.notes)
        settings = VerifyOptions((self._ref.text,), arithmetic=self._options.arithmetic, seed=self._options.seed)
        deadline = time.perf_counter() + self._options.timeout
        session = Session(self._worker, self._described, settings, Questions(settings.seed), deadline)
        session.run(geometries.QUICK)
        report = judge(self._ref, session)
        return Diagnosis(report.findings, report.counterexample, report.notes)


@contextmanager
def user_trial(options: RunOptions) -> Iterator[UserTrial]:
    """The target that `--backward` names, loaded in a worker for as long as the run needs it.

    Raises:
        TargetError: it is not there, cannot be loaded, or its convention cannot be told.
    """
    refs = resolve((options.backward,))
    if len(refs) != 1:
        raise TargetError(f"--backward takes one target, and {options.backward} names {len(refs)}.")
    with Worker(refs[0], WorkerLimits(timeout=options.timeout), options.convention) as worker:
        yield UserTrial(refs[0], worker, worker.describe(), options)
