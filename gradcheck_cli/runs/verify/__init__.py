"""`gradcheck verify` from options to Report: every target on every geometry, then one verdict. Nothing is printed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Lock, Thread

from gradcheck_cli.model import Progress, TargetReport, Verdict, VerifyOptions, VerifyReport, no_progress
from gradcheck_cli.model.errors import ExitCode, TargetError
from gradcheck_cli.model.files import is_code
from gradcheck_cli.model.option import recorded
from gradcheck_cli.runs.environment import environment
from gradcheck_cli.runs.reproduce import verify_command
from gradcheck_cli.runs.verify.left_out import without_forward
from gradcheck_cli.runs.verify.reason import reason_of
from gradcheck_cli.runs.verify.target import unusable, verify_target
from gradcheck_cli.targets import TargetRef, called_by, resolve
from gradcheck_cli.targets.forked import fork_for
from gradcheck_cli.targets.functions.listing import every_layer
from gradcheck_cli.targets.resolve import INPUTS
from gradcheck_cli.trials.asker import Running
from gradcheck_cli.trials.truth import Truths, load_oracles

_WHAT_INPUTS = "FILE.py:NAME of a function without arguments that returns those of yours"
_WHAT_AGAINST = "FILE.py:NAME of a forward, or a dotted name as in torch.nn.functional.gelu"


def verify_targets(options: VerifyOptions, progress: Progress = no_progress) -> VerifyReport:
    """Judge every target on exact integers and name its mistakes.

    Args:
        options: what the command line said.
        progress: called with the target's name and the fraction done.

    Returns:
        The report; one broken target never stops the others.

    Raises:
        TargetError: a name that is not there, or a glob that matches nothing.
    """
    start = time.perf_counter()
    _check_beside(options)
    refs = resolve(options.targets, called_by(options.call) if options.call else every_layer)
    loadable = [ref for ref in refs if not ref.error]
    fork_for(loadable)
    if loadable:
        # The first targets are loaded in their own processes while torch is imported in this one. No daemon: Python
        # would end it in the middle of torch's own start, and that ends the process by SIGABRT.
        Thread(target=_warm_up).start()
    running = Running()
    work = _Work(options, running, _Announced(progress, len(refs)))
    with ThreadPoolExecutor(max_workers=max(1, min(options.jobs, len(refs)))) as pool:
        try:
            asked = tuple(pool.map(work, refs))
        except BaseException:
            running.end()
            raise
    reports = tuple(report for report in asked if report is not None)
    exit_code = exit_code_of(reports)
    return VerifyReport(
        verdict=verdict_of_all(exit_code, reports),
        exit_code=exit_code,
        environment=environment(),
        reproduce=verify_command(options),
        timings={"targets": time.perf_counter() - start},
        targets=reports,
        options=recorded(options),
        not_asked=tuple(ref.text for ref, report in zip(refs, asked, strict=True) if report is None),
        without_forward=() if options.call else _left_alone(refs, asked, options.targets),
    )


def _left_alone(
    refs: Sequence[TargetRef], asked: Sequence[TargetReport | None], texts: Sequence[str]
) -> tuple[str, ...]:
    """Backwards without a forward, of the files of which something was asked."""
    files = {ref.file for ref, report in zip(refs, asked, strict=True) if report is not None}
    return without_forward([ref for ref in refs if ref.file in files], texts)


def _check_beside(options: VerifyOptions) -> None:
    """The files that --inputs and --against name hold these names: a slip there is told once, and not by every target.

    Raises:
        TargetError: with the option.
    """
    said = (("--inputs", options.inputs, _WHAT_INPUTS), ("--against", options.against, _WHAT_AGAINST))
    for flag, place, what in said:
        if is_code(place):
            try:
                resolve([place], lambda _tree, _path: (INPUTS,))
            except TargetError as error:
                raise TargetError(f"{flag} {place}: {error.sentence}", facts=error.facts, hint=what) from error


def exit_code_of(reports: Sequence[TargetReport]) -> ExitCode:
    """1 if a target failed, else 2 if one could not be checked or none was compared, else 0."""
    verdicts = {report.verdict for report in reports}
    if Verdict.FAIL in verdicts:
        return ExitCode.FAIL
    return ExitCode.PASS if verdicts == {Verdict.PASS} else ExitCode.NOT_CHECKED


def verdict_of_all(exit_code: ExitCode, reports: Sequence[TargetReport]) -> Verdict:
    """The verdict that belongs to the exit code; "error" when nothing at all could be loaded."""
    if exit_code is ExitCode.NOT_CHECKED and all(report.verdict is Verdict.ERROR for report in reports):
        return Verdict.ERROR
    return {ExitCode.PASS: Verdict.PASS, ExitCode.FAIL: Verdict.FAIL}.get(exit_code, Verdict.INCONCLUSIVE)


def _warm_up() -> None:
    """Whatever fails here fails again, and is told, where it is needed."""
    with contextlib.suppress(Exception):
        load_oracles()


def _verified(ref: TargetRef, options: VerifyOptions, truths: Truths, running: Running) -> TargetReport:
    start = time.perf_counter()
    report = _judged(ref, options, truths, running)
    return replace(report, reason=reason_of(report), seconds=time.perf_counter() - start)


def _judged(ref: TargetRef, options: VerifyOptions, truths: Truths, running: Running) -> TargetReport:
    if ref.error:
        return unusable(ref, ref.error)
    try:
        return verify_target(ref, options, truths, running)
    except TargetError as error:
        return unusable(ref, error.text())


class _Work:
    """Judges one target after another, in several threads; under -x none that comes after the first failure."""

    def __init__(self, options: VerifyOptions, running: Running, announced: _Announced) -> None:
        self._options, self._running, self._announced = options, running, announced
        self._truths, self._stop = Truths(), Event()

    def __call__(self, ref: TargetRef) -> TargetReport | None:
        """None where it was not asked."""
        if self._stop.is_set():
            return None
        report = self._announced(ref, lambda: _verified(ref, self._options, self._truths, self._running))
        if self._options.exitfirst and report.verdict in (Verdict.FAIL, Verdict.ERROR):
            self._stop.set()
        return report


class _Announced:
    """Tells the progress callback when a target begins; safe in several threads."""

    def __init__(self, progress: Progress, count: int) -> None:
        self._progress, self._count, self._done, self._lock = progress, count, 0, Lock()

    def __call__(self, ref: TargetRef, work: Callable[[], TargetReport]) -> TargetReport:
        self._announce(ref.text, 0)
        report = work()
        self._announce(ref.text, 1)
        return report

    def _announce(self, name: str, finished: int) -> None:
        with self._lock:
            self._done += finished
            self._progress(name, self._done / self._count)
