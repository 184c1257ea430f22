"""One target: every question asked, the answers judged, the mistakes named, the smallest example shown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradcheck_cli.diagnose import (
    Code,
    condition,
    diagnose,
    locate,
    of_calls,
    summarise_geometries,
    with_condition_in_words,
    with_conditions_that_hold,
    with_unwritten_memory,
    without_followers,
    words_of,
)
from gradcheck_cli.diagnose.kinds import comes_last, fails_by_itself, is_of_the_call, stands_for
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.layers import geometries
from gradcheck_cli.mistakes import Sign, describe
from gradcheck_cli.model import (
    CALL,
    GRADIENTS,
    UNEXPLAINED,
    ConvSpec,
    Finding,
    Geometries,
    GradientName,
    GradientResult,
    TargetReport,
    Verdict,
    VerifyOptions,
)
from gradcheck_cli.model.errors import GradcheckError
from gradcheck_cli.model.notation import geometry_of
from gradcheck_cli.model.text import counted
from gradcheck_cli.numbers.arithmetic import no_slack
from gradcheck_cli.runs.verify.beside_defaults import findings_beside
from gradcheck_cli.runs.verify.forward import (
    bias_too_often,
    contradicting_forward,
    forward_differs,
    forward_notes,
    forward_stops_short,
    not_held_against,
    wrong_forward,
)
from gradcheck_cli.runs.verify.function import verify_function
from gradcheck_cli.runs.verify.in_settings import in_settings
from gradcheck_cli.runs.verify.places import Locating, code_of
from gradcheck_cli.runs.verify.unreached import in_no_call
from gradcheck_cli.targets import NOT_TRIED, Described, DescribedFunction, HowToCall, TargetRef, Worker, WorkerLimits
from gradcheck_cli.trials.asker import Asker, Running
from gradcheck_cli.trials.deciding import Results
from gradcheck_cli.trials.session import Session
from gradcheck_cli.trials.transcript import Transcript, smallest_failure
from gradcheck_cli.trials.trial import Trial
from gradcheck_cli.trials.truth import Truths, load_oracles


def verify_target(ref: TargetRef, options: VerifyOptions, truths: Truths, running: Running) -> TargetReport:
    """Judge one target.

    Raises:
        TargetError: it cannot be loaded or its convention cannot be told.
    """
    start = time.perf_counter()
    with Worker(ref, WorkerLimits(timeout=options.timeout), HowToCall.of(options)) as worker:
        running.watch(worker)
        described = worker.describe_any()
        used = time.perf_counter() - start
        if isinstance(described, DescribedFunction):
            report = verify_function(ref, described, worker, options, time.perf_counter() + options.timeout - used)
            return replace(report, seconds=time.perf_counter() - start)
        load_oracles()
        asker = Asker(worker, options.timeout, time.perf_counter() + options.timeout - used, running)
        transcript = Session(ref.text, asker, described, options, truths).run(specs_of(options))
        report = judge(ref, transcript, options)
        left = options.timeout - (time.perf_counter() - start)
        other = None if _may_be_convolution(report, transcript, options) else _as_function(ref, options, running, left)
        if other and _explains_more(other, report):
            return replace(other, seconds=time.perf_counter() - start)
        report = in_settings(located(report, ref, transcript, asker), transcript, asker, options)
    return replace(report, seconds=time.perf_counter() - start)


def _may_be_convolution(report: TargetReport, transcript: Transcript, options: VerifyOptions) -> bool:
    """It is right somewhere, or the user says what it is: else it may be called as a convolution and be none.

    The gradient of the weight or of the input, right everywhere, is enough where no forward says otherwise: the bias
    is the same sum in many layers.
    """
    is_said = options.convention != "auto" or bool(options.call) or bool(options.geometry)
    differs = forward_differs(transcript.trials)
    one_is_right = not differs and any(report.gradients[name].verdict is Verdict.PASS for name in ("weight", "input"))
    return is_said or report.verdict is not Verdict.FAIL or report.geometries.right > 0 or one_is_right


def _as_function(ref: TargetRef, options: VerifyOptions, running: Running, seconds: float) -> TargetReport | None:
    """By the derivative of its own forward; None where it has none, that runs on nothing, or the time is up."""
    if seconds <= 0:
        return None
    end = time.perf_counter() + seconds
    how = replace(HowToCall.of(options), kinds=("function",))
    with Worker(ref, WorkerLimits(timeout=seconds), how) as worker:
        running.watch(worker)
        try:
            described = worker.describe_any()
            if isinstance(described, DescribedFunction):
                return verify_function(ref, described, worker, options, end)
        except GradcheckError:
            pass
    return None


def _explains_more(function: TargetReport, convolution: TargetReport) -> bool:
    """More of its gradients are the derivative of its own forward than are those of a convolution."""

    def right(report: TargetReport) -> int:
        return sum(result.verdict is Verdict.PASS for result in report.gradients.values())

    return function.verdict is Verdict.PASS or right(function) > right(convolution)


def specs_of(options: VerifyOptions) -> Iterator[ConvSpec]:
    """The geometries that the options ask for."""
    if options.geometry:
        return iter([geometry_of(options.geometry)])
    return iter(geometries.QUICK) if options.geometries == "quick" else geometries.full(options.seed)


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
        # Which gradients it has was never found out.
        gradients={},
        geometries=Geometries(0, 0, 0, "not tried"),
        error=error,
        name=ref.name,
    )


def judge(ref: TargetRef, transcript: Transcript, options: VerifyOptions) -> TargetReport:
    """From what happened to the report; nothing is asked any more."""
    described = transcript.described
    code = code_of(ref, described.line)
    words = words_of(described)
    findings = findings_of(transcript, code, words)
    findings += wrong_forward(transcript.trials) + bias_too_often(transcript.trials, code)
    findings += contradicting_forward(transcript.trials, code)
    findings += tuple(findings_beside(described))
    results = {name: _gradient_result(transcript, name, findings) for name in GRADIENTS}
    verdict = _verdict(transcript, results, findings)
    raised = [trial.case.spec for trial in transcript.compared if not trial.ended]
    unasked = not_held_against(options.against, described.layer)
    if unasked and verdict is Verdict.PASS:
        verdict = Verdict.INCONCLUSIVE
    return TargetReport(
        target=ref.text,
        file=ref.file,
        line=described.line or ref.line,
        convention=described.convention,
        layout=described.layout,
        why=described.why,
        verdict=verdict,
        gradients={str(name): result for name, result in results.items()},
        geometries=_geometries(transcript, words),
        findings=tuple(with_condition_in_words(finding, raised, words) for finding in findings),
        counterexample=transcript.counterexample,
        notes=(*_notes(transcript, options), *unasked),
        scope=_scope(transcript),
        unreached=in_no_call(trial.outcome.unreached for trial in transcript.trials + transcript.further),
        unvaried=described.unvaried,
        output="".join(dict.fromkeys([described.printed, *(trial.outcome.printed for trial in transcript.trials)])),
        name=ref.name,
        call=options.call,
        returns=options.returns,
        kind="convolution",
        layer=described.layer,
    )


def located(report: TargetReport, ref: TargetRef, transcript: Transcript, asker: Asker) -> TargetReport:
    """With the places of its findings, for which the target is asked once more, with changes in its text."""
    code = code_of(ref, report.line)
    return replace(report, findings=Locating(asker, transcript, code, ref.name).found(report.findings))


def findings_of(transcript: Transcript, code: Code, words: Words) -> tuple[Finding, ...]:
    """The named mistakes of every gradient, then what ended a call, then where numbers are wrong without a name."""
    seen = [trial.observation() for trial in transcript.compared if trial.outcome.error != NOT_TRIED]
    named: list[Finding] = []
    unexplained: list[Finding] = []
    for name in transcript.described.yields:
        diagnosed = diagnose(seen, name, words)
        failed = _aggregate(transcript, name) is Verdict.FAIL
        causes = [finding for finding in diagnosed if failed and not fails_by_itself(finding.id)]
        # Numbers that differ from call to call hide others: what explains those of both calls is told first.
        shown = [finding for finding in diagnosed if fails_by_itself(finding.id)]
        named += [finding for finding in shown if not comes_last(finding)]
        named += with_conditions_that_hold(causes, *_known(transcript, name))
        named += [finding for finding in shown if comes_last(finding)]
        unexplained += () if diagnosed else _unexplained(transcript, name, words)
    found: dict[tuple[str, str, int | None], Finding] = {}
    for finding in [*named, *of_calls(seen, words, code, _refused(transcript)), *unexplained]:
        about = "" if is_of_the_call(finding) else finding.gradient
        found.setdefault((finding.id, about, finding.line), finding)
    declared = bool(seen) and all(trial.declares_float32 for trial in transcript.compared if trial.ended)
    kept = [finding for finding in found.values() if not (declared and stands_for(finding.id, Sign.FLOAT32))]
    return tuple(without_followers(with_unwritten_memory(kept, code), seen))


def _known(transcript: Transcript, name: GradientName) -> tuple[Results, Results, frozenset[ConvSpec]]:
    """Where a gradient is right: as asked, and in the search for the smallest example; and what is not taken."""
    verdicts = [(trial.case.spec, trial.verdict(name)) for trial in transcript.trials]
    asked = [(spec, verdict is Verdict.PASS) for spec, verdict in verdicts if verdict in (Verdict.PASS, Verdict.FAIL)]
    return asked, _while_shrinking(transcript, name), _refused(transcript)


def _while_shrinking(transcript: Transcript, name: GradientName) -> Results:
    """What the search for the smallest example told of a gradient; a call that did not end told nothing.

    Where it was asked again, on more than these few numbers, that answer counts.
    """
    asked = {trial.case.spec for trial in transcript.trials}
    seen = ((spec, failure) for spec, failure in transcript.shrunk.get(name, {}).items() if spec not in asked)
    return [(spec, not failure) for spec, failure in seen if not failure.startswith("error")]


def _refused(transcript: Transcript) -> frozenset[ConvSpec]:
    return frozenset(trial.case.spec for trial in transcript.trials if not trial.supported)


def _unexplained(transcript: Transcript, name: GradientName, words: Words) -> tuple[Finding, ...]:
    """No formula gives these numbers: say where they are wrong, as probable and without a cause."""
    smallest = smallest_failure(transcript.compared, name)
    if smallest is None:
        return ()
    expected, actual = smallest.truth.gradients.get(name), smallest.outcome.gradients.get(name)
    if expected is None or actual is None:
        return ()
    message = f"no mistake of the catalogue gives these numbers; {locate(expected, actual, name, words.spatial)}"
    when = condition(*_known(transcript, name))
    return (Finding(UNEXPLAINED, name, "probable", message, "Compare the terms of the example.", when),)


def _gradient_result(transcript: Transcript, name: GradientName, findings: Sequence[Finding]) -> GradientResult:
    """A gradient that is right wherever the call ended is wrong all the same where its own line ended the others."""
    verdict = _aggregate(transcript, name)
    ids = [finding.id for finding in findings if finding.gradient == name]
    if verdict is Verdict.PASS and not all(fails_by_itself(each) for each in ids):
        verdict = Verdict.FAIL
    if verdict is Verdict.ERROR:
        ids += [finding.id for finding in findings if finding.gradient == CALL]
    return GradientResult(verdict, tuple(ids))


def _aggregate(transcript: Transcript, name: GradientName) -> Verdict:
    """The worst verdict over the geometries on which the call ended; an error where it ended on none of them.

    A call that raised says nothing of one gradient: it is a finding of its own. Nothing compared is inconclusive.
    """
    if name not in transcript.described.yields:
        return Verdict.MISSING
    verdicts = {trial.verdict(name) for trial in transcript.compared}
    for worst in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.ERROR):
        if worst in verdicts:
            return worst
    return Verdict.INCONCLUSIVE


def _verdict(
    transcript: Transcript, results: dict[GradientName, GradientResult], findings: Sequence[Finding]
) -> Verdict:
    verdicts = {result.verdict for result in results.values()}
    proved = any(fails_by_itself(item.id) or item.gradient == CALL for item in findings)
    if proved or verdicts & {Verdict.FAIL, Verdict.ERROR}:
        return Verdict.FAIL
    if Verdict.INCONCLUSIVE in verdicts or Verdict.PASS not in verdicts or transcript.stopped or _not_found(transcript):
        return Verdict.INCONCLUSIVE
    # The further probes are part of every pass: without them a float32 or an integer inside would go unseen.
    return Verdict.PASS if transcript.further else Verdict.INCONCLUSIVE


def _not_found(transcript: Transcript) -> list[GradientName]:
    """What a layer's forward depends on and what was not found: without it, the layer has not passed."""
    return [name for name in transcript.described.parts if name not in transcript.described.yields]


def _scope(transcript: Transcript) -> str:
    """ "weight only", "weight and bias": what a plain function gives, where that is not all three.

    Also "square images only", and "not its forward", where that raises or gives another shape on geometries on which
    the backward is right.
    """
    given = _given(transcript.described)
    if forward_stops_short(transcript.trials):
        given = f"{given or 'its backward'}, not its forward"
    return ", ".join(filter(None, (given, "square images only" if transcript.described.square else "")))


def _given(described: Described) -> str:
    given = [name for name in GRADIENTS if name in described.yields]
    if described.parts or len(given) in (0, len(GRADIENTS)):
        return ""
    return f"{given[0]} only" if len(given) == 1 else " and ".join(given)


def _geometries(transcript: Transcript, words: Words) -> Geometries:
    supported = [trial for trial in transcript.trials if trial.supported]
    return Geometries(
        tried=len(transcript.trials),
        supported=len(supported),
        right=sum(trial.right for trial in supported),
        summary=words.retold(_summary(transcript, supported)),
        list=tuple(trial.result() for trial in transcript.trials),
    )


def _summary(transcript: Transcript, supported: Sequence[Trial]) -> str:
    """Where it holds; numbers that are right but for rounding are neither right nor wrong."""
    if not transcript.described.yields:
        return "no gradient was compared"
    if all(trial.right for trial in supported) and any(trial.failed for trial in transcript.further):
        return "right on small integers, wrong on large numbers, fractions or tiny ones"
    failed = sum(trial.failed for trial in supported)
    inexact = sum(not trial.right for trial in supported) - failed
    if not inexact:
        results = [(trial.case.spec, trial.right) for trial in supported]
        return summarise_geometries(results, _elsewhere(transcript), _refused(transcript))
    sentence = f"right but for rounding on {inexact} of {counted(len(supported), 'geometry')}"
    return f"{sentence}, wrong on {failed}" if failed else sentence


def _elsewhere(transcript: Transcript) -> Results:
    """What the smallest example told: wrong in one gradient is wrong; right in it is right where no other is wrong."""
    wrong = [name for name in transcript.described.yields if _aggregate(transcript, name) is not Verdict.PASS]
    alone = len(wrong) == 1 and not any(not trial.ended for trial in transcript.trials)
    seen = [result for name in transcript.shrunk for result in _while_shrinking(transcript, name)]
    return [(spec, right) for spec, right in seen if alone or not right]


def _notes(transcript: Transcript, options: VerifyOptions) -> tuple[str, ...]:
    notes = list(transcript.described.notes)
    if options.geometry:
        notes.append("only the geometry of --geometry was tried")
    if transcript.stopped:
        notes.append(transcript.stopped)
    notes += forward_notes(transcript.trials) + _refused_by_autograd(transcript.trials)
    notes += _nothing_compared(transcript)
    notes += [f"the gradient of the {name} was not found: not judged" for name in _not_found(transcript)]
    if any(not trial.truth.autograd_agrees for trial in transcript.compared):
        notes.append("torch.autograd does not agree with the definition's sum here; judged by the definition")
    if any(
        _aggregate(transcript, name) is Verdict.INCONCLUSIVE
        for name in transcript.described.yields
        if transcript.compared
    ):
        notes.append("not exact on integers, as FFT arithmetic is: if that is meant, say --arithmetic fft")
    if any(trial.rounds_to_float32(name) for trial in transcript.compared for name in transcript.described.yields):
        notes.append("computed in float32; right to its rounding")
    if transcript.slack is not no_slack:
        notes.append(f"judged by |difference| <= {transcript.slack.rule}, not bit for bit: {transcript.slack.cause}")
    return tuple(notes)


def _refused_by_autograd(trials: Sequence[Trial]) -> list[str]:
    """Autograd's own words where it did not take the gradients; they were judged as they were returned."""
    refused = [trial for trial in trials if trial.outcome.autograd_refused]
    if not refused:
        return []
    first = refused[0]
    where = f"on {len(refused)} of {counted(sum(trial.supported for trial in trials), 'geometry')}"
    return [
        f"autograd refuses its gradients {where} ({describe(first.case.spec)}: {first.outcome.autograd_refused}); "
        "there they were judged as its backward returned them"
    ]


def _nothing_compared(transcript: Transcript) -> list[str]:
    """Why there is no verdict, in the target's own words."""
    refused = [trial for trial in transcript.trials if not trial.supported]
    if not transcript.compared and refused:
        simplest = min(
            refused, key=lambda trial: sum(trial.case.spec.stride + trial.case.spec.dilation + trial.case.spec.padding)
        )
        return [f"every geometry was refused, the simplest one with: {simplest.outcome.error}"]
    return [] if transcript.described.yields else ["none of the three gradients was found in what it returns"]
