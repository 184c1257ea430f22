"""One target: run it on every geometry, compare exactly, name what is wrong and show the smallest example."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gradcheck_cli import exact, geometries
from gradcheck_cli.diagnose import diagnose, locate, shrink, summarise_geometries, words_for
from gradcheck_cli.model import (
    GRADIENTS,
    Case,
    ConvSpec,
    Counterexample,
    Finding,
    Geometries,
    GradientName,
    GradientResult,
    Gradients,
    TargetReport,
    Verdict,
    VerifyOptions,
)
from gradcheck_cli.targets import Described, TargetRef, Worker, WorkerLimits
from gradcheck_cli.verification.trial import CANNOT_RUN, Trial
from gradcheck_cli.verification.truth import truth_of

WIDE_PROBES = 2
MOST_DEATHS = 3
FINDINGS_OF_BEHAVIOUR = ("mutates-input", "accumulates-between-calls", "not-repeatable")


def verify_target(ref: TargetRef, options: VerifyOptions) -> TargetReport:
    """Judge one target.

    Raises:
        TargetError: it cannot be loaded or its convention cannot be told.
    """
    start = time.perf_counter()
    with Worker(ref, WorkerLimits(timeout=options.timeout), options.convention) as worker:
        described = worker.describe()
        session = Session(worker, described, options, start + options.timeout)
        specs = geometries.QUICK if options.geometries == "quick" else geometries.full(options.seed)
        session.try_all(specs)
        session.try_wide()
        report = judge(ref, session)
    return replace(report, seconds=time.perf_counter() - start)


def unusable(ref: TargetRef, error: str) -> TargetReport:
    """The report of a target that could not be loaded."""
    return TargetReport(
        target=ref.text,
        file=ref.file,
        line=ref.line,
        convention="",
        layout="",
        why="",
        verdict=Verdict.ERROR,
        gradients={name: GradientResult(Verdict.ERROR) for name in GRADIENTS},
        geometries=Geometries(0, 0, 0, "not tried"),
        error=error,
    )


@dataclass
class Session:
    """A target at work: its worker, what it was given and what it did."""

    worker: Worker
    described: Described
    options: VerifyOptions
    deadline: float
    trials: list[Trial] = field(default_factory=list)
    wide: list[Trial] = field(default_factory=list)
    stopped: str = ""

    def try_all(self, specs: Iterable[ConvSpec]) -> None:
        """The narrow integer probe on every geometry, until time is up or the target keeps dying."""
        deaths = 0
        for number, spec in enumerate(specs):
            if time.perf_counter() > self.deadline:
                self.stopped = f"stopped after {number} geometries at the time limit of {self.options.timeout:g} s"
                return
            trial = self._try(exact.narrow_case(spec, self._rng(number)))
            self.trials.append(trial)
            deaths += trial.outcome.error_kind in ("timeout", "crashed", "memory", "exited")
            if deaths == MOST_DEATHS:
                self.stopped = f"stopped after {number + 1} geometries: the target's process died {deaths} times"
                return

    def try_wide(self) -> None:
        """The wide probe where the narrow one was right: a float32 hidden inside shows here."""
        right = [trial.case.spec for trial in self.trials if trial.supported and trial.right]
        right.sort(key=lambda spec: -spec.terms)
        for number, spec in enumerate(right[:WIDE_PROBES]):
            self.wide.append(self._try(exact.wide_case(spec, self._rng(1000 + number))))

    def gradients_of(self, case: Case) -> Gradients:
        """The target's gradients for a case; an error of the target is raised as such."""
        outcome = self.worker.backward(case, calls=1)
        if outcome.error_kind in CANNOT_RUN:
            raise RuntimeError(outcome.error)
        return outcome.gradients

    @property
    def compared(self) -> list[Trial]:
        """Every trial on a geometry that the target takes."""
        return [trial for trial in self.trials + self.wide if trial.supported]

    def _try(self, case: Case) -> Trial:
        outcome = self.worker.backward(case)
        return Trial(case, outcome, truth_of(case), self.described.yields, self.options.arithmetic)

    def _rng(self, number: int) -> np.random.Generator:
        return np.random.default_rng((self.options.seed, number))


def judge(ref: TargetRef, session: Session) -> TargetReport:
    """From what happened to the report."""
    described = session.described
    findings = findings_of(session)
    results = {name: _gradient_result(session, name, findings) for name in GRADIENTS}
    verdict = _verdict(session, results, findings)
    return TargetReport(
        target=ref.text,
        file=ref.file,
        line=described.line or ref.line,
        convention=described.convention,
        layout=described.layout,
        why=described.why,
        verdict=verdict,
        gradients=results,
        geometries=_geometries(session),
        findings=findings,
        counterexample=_counterexample(session, results) if verdict is Verdict.FAIL else None,
        notes=_notes(session),
        output="".join(dict.fromkeys(trial.outcome.printed for trial in session.trials)),
    )


def findings_of(session: Session) -> tuple[Finding, ...]:
    """The named mistakes of every gradient, each once; where nothing is named, the place where it is wrong."""
    words = words_for(session.described.convention, session.described.layout)
    seen = [trial.observation() for trial in session.compared]
    found: dict[tuple[str, str], Finding] = {}
    for name in session.described.yields:
        if _aggregate(session, name) is Verdict.INCONCLUSIVE:
            continue
        named = diagnose(seen, name, words) or _placed(session, name)
        for finding in named:
            shared = finding.id in ("crashes", "too-slow", "mutates-input")
            found.setdefault((finding.id, "" if shared else finding.gradient), finding)
    return tuple(found.values())


def _placed(session: Session, name: GradientName) -> tuple[Finding, ...]:
    """No formula gives these numbers: say where they are wrong, as probable and without a cause."""
    wrong = [trial for trial in session.compared if trial.verdict(name) is Verdict.FAIL]
    if not wrong:
        return ()
    smallest = min(wrong, key=lambda trial: trial.case.grad_output.size * trial.case.weight.size)
    expected, actual = smallest.truth.gradients.named(name), smallest.outcome.gradients.named(name)
    if expected is None or actual is None:
        return ()
    message = f"no mistake of the catalogue gives these numbers; {locate(expected, actual, name)}"
    return (Finding("unexplained", name, "probable", message, "compare the terms of the counterexample"),)


def _gradient_result(session: Session, name: GradientName, findings: Sequence[Finding]) -> GradientResult:
    ids = tuple(finding.id for finding in findings if finding.gradient == name)
    return GradientResult(_aggregate(session, name), ids)


def _aggregate(session: Session, name: GradientName) -> Verdict:
    """The worst verdict over the geometries; nothing compared is inconclusive."""
    if name not in session.described.yields:
        return Verdict.MISSING
    verdicts = {trial.verdict(name) for trial in session.compared}
    for worst in (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS):
        if worst in verdicts:
            return worst
    return Verdict.INCONCLUSIVE


def _verdict(session: Session, results: dict[GradientName, GradientResult], findings: Sequence[Finding]) -> Verdict:
    verdicts = {result.verdict for result in results.values()}
    if verdicts & {Verdict.FAIL, Verdict.ERROR} or any(item.id in FINDINGS_OF_BEHAVIOUR for item in findings):
        return Verdict.FAIL
    if Verdict.INCONCLUSIVE in verdicts or Verdict.PASS not in verdicts or session.stopped:
        return Verdict.INCONCLUSIVE
    # The wide probe is part of every pass: without it a float32 inside would go unseen.
    return Verdict.PASS if session.wide else Verdict.INCONCLUSIVE


def _geometries(session: Session) -> Geometries:
    supported = [trial for trial in session.trials if trial.supported]
    return Geometries(
        tried=len(session.trials),
        supported=len(supported),
        right=sum(trial.right for trial in supported),
        summary=summarise_geometries([(trial.case.spec, trial.right) for trial in supported]),
        list=tuple(trial.result() for trial in session.trials),
    )


def _counterexample(session: Session, results: dict[GradientName, GradientResult]) -> Counterexample | None:
    """The smallest failing geometry of the first wrong gradient; None where only behaviour is wrong."""
    for name, result in results.items():
        wrong = [trial.case.spec for trial in session.trials if trial.supported and trial.verdict(name) is Verdict.FAIL]
        if result.verdict is Verdict.FAIL and wrong:
            smallest = min(wrong, key=lambda spec: spec.terms * spec.in_channels * spec.out_channels)
            return shrink(session.gradients_of, smallest, name, session.options.seed)
    return None


def _notes(session: Session) -> tuple[str, ...]:
    notes = list(session.described.notes)
    if session.stopped:
        notes.append(session.stopped)
    if any(not trial.truth.autograd_agrees for trial in session.compared):
        notes.append("torch.autograd does not agree with the definition's sum here; judged by the definition")
    inexact = any(
        trial.verdict(name) is Verdict.INCONCLUSIVE for trial in session.compared for name in session.described.yields
    )
    if inexact:
        notes.append("not exact on integers, as FFT arithmetic is: if that is meant, say --arithmetic fft")
    if session.options.arithmetic == "fft":
        notes.append("judged by the normwise bound of FFT arithmetic, not bit for bit")
    return tuple(notes)
