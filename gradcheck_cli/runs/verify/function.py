"""One target that is any function: asked, judged rung by rung, reported. No rule about numbers stands here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gradcheck_cli.diagnose import Code
from gradcheck_cli.model import (
    CALL,
    GUESSED,
    OF_TORCH,
    PLAIN,
    WITHOUT_UPSTREAM,
    Finding,
    FunctionExample,
    GradientResult,
    Sample,
    TargetReport,
    Verdict,
    VerifyOptions,
)
from gradcheck_cli.model.evidence import POWER
from gradcheck_cli.model.options import settings_of
from gradcheck_cli.runs.verify.function_casts import FewBits, without_casts
from gradcheck_cli.runs.verify.function_dtypes import OwnDtypes, in_own_dtypes, is_for_few_bits
from gradcheck_cli.runs.verify.function_graph import with_recordings
from gradcheck_cli.runs.verify.function_layer import as_layer
from gradcheck_cli.runs.verify.function_places import FunctionPlaces
from gradcheck_cli.runs.verify.function_planting import AskFurther
from gradcheck_cli.runs.verify.function_power import OTHER_DTYPES, AskUntaken, power_of_function
from gradcheck_cli.runs.verify.function_report import PROVES_NOTHING, judge_function
from gradcheck_cli.runs.verify.function_settings import FunctionInSettings
from gradcheck_cli.runs.verify.in_settings import judged_in_settings
from gradcheck_cli.runs.verify.places import code_of
from gradcheck_cli.targets import DescribedFunction, TargetRef, Worker
from gradcheck_cli.targets.functions.client import FunctionClient
from gradcheck_cli.trials.clips import bounded, clipped
from gradcheck_cli.trials.compared import FunctionComparison
from gradcheck_cli.trials.function_trial import CalledFunction, FunctionTranscript
from gradcheck_cli.trials.functions import FunctionSession
from gradcheck_cli.trials.graphs import RECORDED, GraphOracle
from gradcheck_cli.trials.guards import guards_of
from gradcheck_cli.trials.inference import in_training
from gradcheck_cli.trials.redrawn import NOTE as REDRAWN, redrawn
from gradcheck_cli.trials.saturated import without_rounding
from gradcheck_cli.trials.shrink_function import shrink_function
from gradcheck_cli.trials.surrogates import surrogates, without
from gradcheck_cli.trials.untaken import untaken

# Nobody waits longer for a refusal; one sample and its changes take a second.
SECONDS_OF_DOUBT = 10.0
# Of inputs that were not asked, since nobody says that the function is meant for them.
RAISES = (
    "on {}, where its forward runs, its backward raises, and no single change of its text mends it: not judged there"
)
# Forms whose arrays are tensors.


def verify_function(
    ref: TargetRef, described: DescribedFunction, worker: Worker, options: VerifyOptions, deadline: float
) -> TargetReport:
    """Judge one function.

    Args:
        deadline: of `time.perf_counter`: no sample is begun after it.

    Raises:
        GradcheckError: its backward runs on nothing that was guessed, and no change of its text shows what is wrong.
    """
    run = _FunctionRun(ref, described, session_of(described, worker, options, deadline), options)
    if described.doubt is not None:
        end = time.perf_counter() + SECONDS_OF_DOUBT
        for sample in described.raised:
            report = run.mended_on((sample,)) if time.perf_counter() < end else None
            if report is not None:
                return report
        raise described.doubt
    report = run.report()
    if report.verdict is Verdict.INCONCLUSIVE and described.inputs in GUESSED:
        run, report = run.elsewhere(report)
    raised = described.raised if report.verdict is Verdict.FAIL else run.likelier_of_the_same()
    if not raised or report.verdict not in (Verdict.FAIL, Verdict.PASS):
        return report
    meant = raised if report.verdict is Verdict.FAIL else run.without_arrays_for_numbers(raised)
    mended = run.mended_on(meant) if meant else None
    return mended or replace(report, notes=(*report.notes, RAISES.format(raised[0].text)))


@dataclass(frozen=True)
class _FunctionRun:
    """One function, from its samples to the places of its mistakes."""

    ref: TargetRef
    described: DescribedFunction
    session: FunctionSession
    options: VerifyOptions

    @property
    def code(self) -> Code:
        """Its file."""
        return code_of(self.ref, self.described.line or self.ref.line)

    def likelier_of_the_same(self) -> tuple[Sample, ...]:
        """What it raises on with other shapes; where an argument is left to its default it is called another way."""
        names = list(self.described.samples[0].values)
        return tuple(sample for sample in self.described.raised if list(sample.values) == names)

    def without_arrays_for_numbers(self, samples: Sequence[Sample]) -> tuple[Sample, ...]:
        """Those that have arrays for nothing with which it was right as one number: that is what it is meant for."""
        first = self.described.samples[0].values
        numbers = [name for name, value in first.items() if isinstance(value, np.ndarray) and not value.ndim]
        return tuple(each for each in samples if not any(getattr(each.values.get(name), "ndim", 0) for name in numbers))

    def report(self) -> TargetReport:
        """On the samples that it was found to run on."""
        described, session = self.described, self.session
        client = session.client
        few = FewBits.of(session.client, described.form, described.samples[0])
        if few is not None and few.is_widened:
            session.client = session.client.widened()
        transcript = session.run(described.samples)
        comparison = FunctionComparison.of(transcript.trials, described.form)
        judged = partial(self._judged, transcript)
        comparison, report = judged(comparison)
        if report.verdict is Verdict.PASS and not session.is_late:
            # What the user hands over is what the function is for: other values are no samples of it.
            ask = session.further if described.inputs in GUESSED else None
            across = partial(untaken, session, code=self.code)
            comparison, report = _with_power(report, comparison, (ask, across), judged)
        report = _in_few_bits(self.ref, session, few, comparison, report)
        return self._located(self._in_settings(report, comparison, client), comparison)

    def elsewhere(self, report: TargetReport) -> tuple[_FunctionRun, TargetReport]:
        """On other numbers, where those that were guessed decide nothing of a gradient; on these where no others do.

        What is off by little on these, as by an eps that stands elsewhere, is off by more on smaller ones, and no
        worse for it: of such a gradient others can only show that it is right.
        """
        if not any(each.verdict is Verdict.INCONCLUSIVE for each in report.gradients.values()):
            return self, report
        is_off = any(note.endswith(PROVES_NOTHING) for note in report.notes)
        believed = (Verdict.PASS,) if is_off else (Verdict.PASS, Verdict.FAIL)
        for samples in redrawn(self.described.samples):
            run = replace(self, described=replace(self.described, samples=samples))
            found = run.report() if not self.session.is_late else report
            if found.verdict in believed:
                return run, replace(found, notes=(*found.notes, REDRAWN))
        return self, report

    def _in_settings(
        self, report: TargetReport, comparison: FunctionComparison, client: CalledFunction
    ) -> TargetReport:
        """In the settings that were asked for; `client` calls the function as it is written."""
        asked = settings_of(self.options)
        if asked == (PLAIN,):
            return report
        found = FunctionInSettings(
            gradients=report.gradients,
            is_right=report.verdict is Verdict.PASS,
            client=client if self.session.has_circumstances else None,
            oracle=GraphOracle(self.described.form),
            trial=comparison.trials[0],
        )
        return judged_in_settings(report, tuple(found.rows(asked)), is_survey=self.options.settings == "all")

    def mended_on(self, samples: Sequence[Sample]) -> TargetReport | None:
        """On samples of which it is not known that the function is meant for them; None unless a change mends it.

        That a backward raises may be the fault of what it was given. Where one change of its text gives the derivative
        of the forward, it was the fault of the text.
        """
        if not samples:
            return None
        run = replace(self, described=replace(self.described, samples=tuple(samples)))
        self.session.deadline = time.perf_counter() + SECONDS_OF_DOUBT
        transcript = self.session.run(samples)
        comparison, report = run._judged(transcript, FunctionComparison.of(transcript.trials, self.described.form))
        wrong = {name for name, each in report.gradients.items() if each.verdict is not Verdict.PASS}
        raised = any(each.gradient == CALL for each in report.findings)
        if not raised and len(wrong) != 1:  # one change mends no two, but where it raised
            return None
        report = run._located(report, comparison)
        mended = {each.gradient for each in report.findings if each.evidence}
        return report if mended & {CALL, *wrong} else None

    def _judged(
        self, transcript: FunctionTranscript, comparison: FunctionComparison
    ) -> tuple[FunctionComparison, TargetReport]:
        comparison = without_rounding(self.session, comparison)
        comparison, notes = (comparison, ()) if self.options.strict else in_training(comparison, self.code)
        asked = (self.session, comparison, self.code)
        guards = clipped(*asked) | bounded(*asked) | guards_of(*asked)
        transcript = replace(transcript, guards=guards, notes=notes)
        recorded = with_recordings(comparison, self.session.client)
        return recorded, judge_function(self.ref, self.described, transcript, recorded, self.options)

    def _located(self, report: TargetReport, comparison: FunctionComparison) -> TargetReport:
        """A failure with its smallest example and the places of its findings."""
        if report.verdict is not Verdict.FAIL:
            return report
        example = report.counterexample
        if isinstance(example, FunctionExample):
            sample = replace(self.described.samples[0], values=example.values)
            report = replace(report, counterexample=shrink_function(self.session, example, sample))
        places = FunctionPlaces(self.session, comparison, self.code, self.ref.name)
        findings = places.found(report.findings)
        return replace(report, findings=findings, gradients=_with_ids(report.gradients, findings))


def _in_few_bits(
    ref: TargetRef,
    session: FunctionSession,
    few: FewBits | None,
    comparison: FunctionComparison,
    report: TargetReport,
) -> TargetReport:
    """What rounding does to it: in the dtypes that it is asked in, or in those that its own code casts to."""
    if session.is_late:
        return report
    if few is not None:
        return _tried_in_others(few.judged(report, comparison.trials))
    if report.verdict is Verdict.FAIL and comparison.form in RECORDED:
        return without_casts(session.client, comparison, report)
    if report.verdict is not Verdict.PASS or not session.has_circumstances:
        return report
    own = in_own_dtypes(session.client, GraphOracle(comparison.form), comparison.trials[0], _passed(report.gradients))
    return _with_own_dtypes(report, own, fails=is_for_few_bits(code_of(ref, report.line).source))


def session_of(
    described: DescribedFunction, worker: Worker, options: VerifyOptions, deadline: float
) -> FunctionSession:
    """What asks a function of this form; `deadline` is of `time.perf_counter`."""
    form = described.form
    return FunctionSession(
        client=FunctionClient(worker),
        has_upstream=form not in WITHOUT_UPSTREAM,
        deadline=deadline,
        against=options.against,
        graphs=GraphOracle(form) if form in RECORDED or described.is_of_tensors else None,
        has_circumstances=form in OF_TORCH,
        configurations=described.configurations if options.all_configs else 1,
    )


def _with_power(
    report: TargetReport,
    whole: FunctionComparison,
    ask: tuple[AskFurther | None, AskUntaken],
    judged: Callable[[FunctionComparison], tuple[FunctionComparison, TargetReport]],
) -> tuple[FunctionComparison, TargetReport]:
    """What a pass is worth; none any more where a further sample says otherwise."""
    comparison = without(whole, surrogates(whole))
    power, further = power_of_function(comparison, as_layer(comparison), whole.form, *ask)
    if further:
        whole, report = judged(FunctionComparison.of((*whole.trials, *further), whole.form))
    if report.verdict is not Verdict.PASS:
        return whole, report
    evidence = (*report.evidence, *power.evidence(comparison.names))
    return whole, replace(report, evidence=evidence, power=power.report)


def _with_ids(gradients: Mapping[str, GradientResult], findings: Sequence[Finding]) -> dict[str, GradientResult]:
    """The gradients with what their findings are called now."""
    ids = {
        name: tuple(dict.fromkeys(each.id for each in findings if each.gradient in (name, CALL))) for name in gradients
    }
    return {name: replace(each, findings=ids[name]) if each.findings else each for name, each in gradients.items()}


def _passed(gradients: Mapping[str, GradientResult]) -> list[str]:
    return [name for name, each in gradients.items() if each.verdict is Verdict.PASS]


def _with_own_dtypes(report: TargetReport, found: OwnDtypes, *, fails: bool) -> TargetReport:
    """How accurate it is in other dtypes; where it is meant for them (`fails`), a sum that loses its terms fails."""
    findings = tuple(found.findings())
    report = _tried_in_others(report) if found.asked else report
    evidence = sorted((*report.evidence, *found.evidence()), key=lambda each: each.rung == POWER)
    report = replace(report, evidence=tuple(evidence))
    if not findings or not fails:
        return replace(report, notes=(*report.notes, *found.notes))
    failed = {each.gradient: GradientResult(Verdict.FAIL, (each.id,)) for each in findings}
    return replace(
        report, verdict=Verdict.FAIL, gradients={**report.gradients, **failed}, findings=findings, power=None
    )


def _tried_in_others(report: TargetReport) -> TargetReport:
    """It was asked in other dtypes too."""
    if report.power is None:
        return report
    untried = tuple(each for each in report.power.untried if each != OTHER_DTYPES)
    return replace(report, power=replace(report.power, untried=untried))
