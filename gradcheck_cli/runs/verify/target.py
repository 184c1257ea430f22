"""One target: every question asked, the answers judged, the mistakes named, the smallest example shown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gradcheck_cli.diagnose import (
    Code,
    condition,
    diagnose,
    likely_line,
    locate,
    of_calls,
    shrink,
    summarise_geometries,
    with_conditions_that_hold,
    with_unwritten_memory,
    without_followers,
    words_for,
)
from gradcheck_cli.diagnose.sentences import describe
from gradcheck_cli.layers import geometries
from gradcheck_cli.model import (
    CALL,
    GRADIENTS,
    ConvSpec,
    Counterexample,
    Finding,
    Geometries,
    GradientName,
    GradientResult,
    TargetReport,
    Verdict,
    VerifyOptions,
)
from gradcheck_cli.numbers.arithmetic import no_slack
from gradcheck_cli.runs.verify.forward import forward_note, wrong_forward
from gradcheck_cli.targets import NOT_TRIED, Described, HowToCall, TargetRef, Worker, WorkerLimits
from gradcheck_cli.trials.deciding import Results
from gradcheck_cli.trials.session import Running, Session
from gradcheck_cli.trials.trial import CANNOT_RUN, Trial
from gradcheck_cli.trials.truth import Questions, load_oracles

SHRINK_SECONDS = 10.0
FINDINGS_OF_BEHAVIOUR = (
    *("mutates-input", "accumulates-between-calls", "not-repeatable", "integer-dtype"),
    "wrong-forward",
)
FINDINGS_OF_ALL = ("mutates-input",)


def verify_target(ref: TargetRef, options: VerifyOptions, questions: Questions, running: Running) -> TargetReport:
    """Judge one target.

    Raises:
        TargetError: it cannot be loaded or its convention cannot be told.
    """
    start = time.perf_counter()
    with Worker(ref, WorkerLimits(timeout=options.timeout), HowToCall.of(options)) as worker:
        running.watch(worker)
        described = worker.describe()
        used = time.perf_counter() - start
        load_oracles()
        deadline = time.perf_counter() + options.timeout - used
        session = Session(worker, described, options, questions, deadline, running=running)
        session.run(specs_of(options))
        report = judge(ref, session)
    return replace(report, seconds=time.perf_counter() - start)


def specs_of(options: VerifyOptions) -> Iterator[ConvSpec]:
    """The geometries that the options ask for."""
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
        gradients={name: GradientResult(Verdict.ERROR) for name in GRADIENTS},
        geometries=Geometries(0, 0, 0, "not tried"),
        error=error,
        name=ref.name,
    )


def judge(ref: TargetRef, session: Session) -> TargetReport:
    """From what happened to the report."""
    described = session.described
    code = code_of(ref, described.line)
    example = _counterexample(session)
    session.try_doubtful()
    findings = findings_of(session, code) + wrong_forward(session.trials)
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
        findings=_placed(findings, code, described.flipped),
        counterexample=example,
        notes=_notes(session),
        scope=_scope(described),
        unreached=_unreached(session),
        output="".join(dict.fromkeys([described.printed, *(trial.outcome.printed for trial in session.trials)])),
        name=ref.name,
        call=session.options.call,
        returns=session.options.returns,
        kind="convolution",
        layer="conv2d",
    )


def code_of(ref: TargetRef, line: int | None) -> Code:
    """The text of a target's file and the line of its definition; no text where the file cannot be read."""
    try:
        return Code(Path(ref.file).read_text("utf-8", errors="replace"), line or ref.line)
    except OSError:
        return Code(defined=line or ref.line)


def findings_of(session: Session, code: Code) -> tuple[Finding, ...]:
    """The named mistakes of every gradient, then what ended a call, then where numbers are wrong without a name."""
    described = session.described
    words = words_for(described.convention, described.layout, turned=described.flipped)
    seen = [trial.observation() for trial in session.compared if trial.outcome.error != NOT_TRIED]
    named: list[Finding] = []
    unexplained: list[Finding] = []
    for name in session.described.yields:
        diagnosed = diagnose(seen, name, words)
        failed = _aggregate(session, name) is Verdict.FAIL
        causes = [finding for finding in diagnosed if failed and finding.id not in FINDINGS_OF_BEHAVIOUR]
        # Numbers that differ from call to call hide others: what explains those of both calls is told first.
        shown = [finding for finding in diagnosed if finding.id in FINDINGS_OF_BEHAVIOUR]
        named += [finding for finding in shown if finding.id != "not-repeatable"]
        named += with_conditions_that_hold(causes, *_known(session, name))
        named += [finding for finding in shown if finding.id == "not-repeatable"]
        unexplained += () if diagnosed else _unexplained(session, name)
    found: dict[tuple[str, str, int | None], Finding] = {}
    for finding in [*named, *of_calls(seen, words, code, _refused(session)), *unexplained]:
        about = "" if finding.id in FINDINGS_OF_ALL else finding.gradient
        found.setdefault((finding.id, about, finding.line), finding)
    declared = bool(seen) and all(trial.declares_float32 for trial in session.compared if trial.ended)
    kept = [finding for finding in found.values() if not (declared and finding.id == "single-precision")]
    return tuple(without_followers(with_unwritten_memory(kept, code), seen))


def _known(session: Session, name: GradientName) -> tuple[Results, Results, frozenset[ConvSpec]]:
    """Where a gradient is right: as asked, and in the search for the smallest example; and what is not taken."""
    verdicts = [(trial.case.spec, trial.verdict(name)) for trial in session.trials]
    asked = [(spec, verdict is Verdict.PASS) for spec, verdict in verdicts if verdict in (Verdict.PASS, Verdict.FAIL)]
    return asked, _while_shrinking(session, name), _refused(session)


def _while_shrinking(session: Session, name: GradientName) -> Results:
    """What the search for the smallest example told of a gradient; a call that did not end told nothing.

    Where it was asked again, on more than these few numbers, that answer counts.
    """
    asked = {trial.case.spec for trial in session.trials}
    seen = ((spec, failure) for spec, failure in session.shrunk.get(name, {}).items() if spec not in asked)
    return [(spec, not failure) for spec, failure in seen if not failure.startswith("error")]


def _refused(session: Session) -> frozenset[ConvSpec]:
    return frozenset(trial.case.spec for trial in session.trials if not trial.supported)


def _unexplained(session: Session, name: GradientName) -> tuple[Finding, ...]:
    """No formula gives these numbers: say where they are wrong, as probable and without a cause."""
    smallest = _smallest_failure(session.compared, name)
    if smallest is None:
        return ()
    expected, actual = smallest.truth.gradients.get(name), smallest.outcome.gradients.get(name)
    if expected is None or actual is None:
        return ()
    message = f"no mistake of the catalogue gives these numbers; {locate(expected, actual, name)}"
    when = condition(*_known(session, name))
    return (Finding("unexplained", name, "probable", message, "compare the terms of the counterexample", when),)


def _placed(findings: Sequence[Finding], code: Code, flipped: bool) -> tuple[Finding, ...]:
    """With the line that raised, or the one that looks like the mistake; without one where none or several do.

    Where the layer turns F, "kernel-rotated" is a turn that is missing: no line holds it.
    """

    def line(finding: Finding) -> int | None:
        if finding.line is not None or (flipped and finding.id == "kernel-rotated"):
            return finding.line
        return likely_line(code.source, finding.id, code.defined, finding.gradient)

    return tuple(replace(finding, line=line(finding)) for finding in findings)


def _gradient_result(session: Session, name: GradientName, findings: Sequence[Finding]) -> GradientResult:
    """A gradient that is right wherever the call ended is wrong all the same where its own line ended the others."""
    verdict = _aggregate(session, name)
    ids = [finding.id for finding in findings if finding.gradient == name]
    if verdict is Verdict.PASS and set(ids) - {*FINDINGS_OF_BEHAVIOUR}:
        verdict = Verdict.FAIL
    if verdict is Verdict.ERROR:
        ids += [finding.id for finding in findings if finding.gradient == CALL]
    return GradientResult(verdict, tuple(ids))


def _aggregate(session: Session, name: GradientName) -> Verdict:
    """The worst verdict over the geometries on which the call ended; an error where it ended on none of them.

    A call that raised says nothing of one gradient: it is a finding of its own. Nothing compared is inconclusive.
    """
    if name not in session.described.yields:
        return Verdict.MISSING
    verdicts = {trial.verdict(name) for trial in session.compared}
    for worst in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.ERROR):
        if worst in verdicts:
            return worst
    return Verdict.INCONCLUSIVE


def _verdict(session: Session, results: dict[GradientName, GradientResult], findings: Sequence[Finding]) -> Verdict:
    verdicts = {result.verdict for result in results.values()}
    proved = any(item.id in FINDINGS_OF_BEHAVIOUR or item.gradient == CALL for item in findings)
    if proved or verdicts & {Verdict.FAIL, Verdict.ERROR}:
        return Verdict.FAIL
    if Verdict.INCONCLUSIVE in verdicts or Verdict.PASS not in verdicts or session.stopped or _not_found(session):
        return Verdict.INCONCLUSIVE
    # The further probes are part of every pass: without them a float32 or an integer inside would go unseen.
    return Verdict.PASS if session.further else Verdict.INCONCLUSIVE


def _unreached(session: Session) -> tuple[int, ...]:
    """Lines of the backward that ran in no call. A target that was started anew counted anew."""
    seen = [trial.outcome.unreached for trial in session.trials + session.further]
    lists = [set(lines) for lines in seen if lines is not None]
    return tuple(sorted(set.intersection(*lists))) if lists else ()


def _not_found(session: Session) -> list[GradientName]:
    """What a layer's forward depends on and what was not found: without it, the layer has not passed."""
    return [name for name in session.described.parts if name not in session.described.yields]


def _scope(described: Described) -> str:
    """ "weight only", "weight and bias": what a plain function gives, where that is not all three."""
    given = [name for name in GRADIENTS if name in described.yields]
    if described.parts or len(given) in (0, len(GRADIENTS)):
        return ""
    return f"{given[0]} only" if len(given) == 1 else " and ".join(given)


def _geometries(session: Session) -> Geometries:
    supported = [trial for trial in session.trials if trial.supported]
    return Geometries(
        tried=len(session.trials),
        supported=len(supported),
        right=sum(trial.right for trial in supported),
        summary=_summary(session, supported) if session.described.yields else "no gradient was compared",
        list=tuple(trial.result() for trial in session.trials),
    )


def _summary(session: Session, supported: Sequence[Trial]) -> str:
    """Where it holds; numbers that are right but for rounding are neither right nor wrong."""
    if all(trial.right for trial in supported) and any(trial.failed for trial in session.further):
        return "right on small integers, wrong on large numbers, fractions or tiny ones"
    failed = sum(trial.failed for trial in supported)
    inexact = sum(not trial.right for trial in supported) - failed
    if not inexact:
        results = [(trial.case.spec, trial.right) for trial in supported]
        return summarise_geometries(results, _elsewhere(session), _refused(session))
    told = f"right but for rounding on {inexact} of {len(supported)} geometries"
    return f"{told}, wrong on {failed}" if failed else told


def _elsewhere(session: Session) -> Results:
    """What the smallest example told: wrong in one gradient is wrong; right in it is right where no other is wrong."""
    wrong = [name for name in session.described.yields if _aggregate(session, name) is not Verdict.PASS]
    alone = len(wrong) == 1 and not any(trial.outcome.error_kind in CANNOT_RUN for trial in session.trials)
    seen = [result for name in session.shrunk for result in _while_shrinking(session, name)]
    return [(spec, right) for spec, right in seen if alone or not right]


def _counterexample(session: Session) -> Counterexample | None:
    """The smallest failing geometry of the first wrong gradient; None where only behaviour or wide sums are wrong."""
    for name in session.described.yields:
        found = _smallest_failure(session.trials, name)
        if found is not None:
            session.deadline = time.perf_counter() + min(SHRINK_SECONDS, session.options.timeout)
            seen = session.shrunk.setdefault(name, {})
            shrunk = shrink(session.gradients_of, found.case.spec, name, session.options.seed, seen)
            return shrunk if shrunk is not None and not session.late else _as_it_was(found, name)
    return None


def _smallest_failure(trials: Sequence[Trial], name: GradientName) -> Trial | None:
    wrong = [trial for trial in trials if trial.verdict(name) is Verdict.FAIL]
    return min(wrong, key=lambda trial: trial.case.grad_output.size * trial.case.weight.size, default=None)


def _as_it_was(trial: Trial, name: GradientName) -> Counterexample:
    """The failing geometry itself, where it could not be made smaller in time."""
    case, expected = trial.case, trial.truth.gradients.get(name)
    assert expected is not None
    actual = trial.outcome.gradients.get(name)
    return Counterexample(name, case.spec, case.x, case.weight, case.grad_output, expected, actual, bias=case.bias)


def _notes(session: Session) -> tuple[str, ...]:
    notes = list(session.described.notes)
    if session.stopped:
        notes.append(session.stopped)
    notes += _forward_failures(session.trials) + _refused_by_autograd(session.trials)
    notes += forward_note(session.trials)
    notes += _nothing_compared(session)
    notes += [f"the gradient of the {name} was not found: not judged" for name in _not_found(session)]
    if any(not trial.truth.autograd_agrees for trial in session.compared):
        notes.append("torch.autograd does not agree with the definition's sum here; judged by the definition")
    if any(_aggregate(session, name) is Verdict.INCONCLUSIVE for name in session.described.yields if session.compared):
        notes.append("not exact on integers, as FFT arithmetic is: if that is meant, say --arithmetic fft")
    if any(trial.rounds_to_float32(name) for trial in session.compared for name in session.described.yields):
        notes.append("computed in float32; right to its rounding")
    if session.slack is not no_slack:
        notes.append(f"judged by |difference| <= {session.slack.rule}, not bit for bit: {session.slack.cause}")
    return tuple(notes)


def _forward_failures(trials: Sequence[Trial]) -> list[str]:
    """Where the file's own forward raised, and the backward was judged without it."""
    raised = [trial for trial in trials if trial.outcome.forward_error]
    if not raised:
        return []
    first, spec = raised[0].outcome.forward_error, raised[0].case.spec
    where = f"on {len(raised)} of {sum(trial.supported for trial in trials)} geometries"
    return [
        f"its own forward raises {where} ({describe(spec)}: {first}); there the cache was filled as the backward "
        "unpacks it, and the backward was judged alone"
    ]


def _refused_by_autograd(trials: Sequence[Trial]) -> list[str]:
    """Autograd's own words where it did not take the gradients; they were judged as they were returned."""
    refused = [trial for trial in trials if trial.outcome.autograd_refused]
    if not refused:
        return []
    first = refused[0]
    where = f"on {len(refused)} of {sum(trial.supported for trial in trials)} geometries"
    return [
        f"autograd refuses its gradients {where} ({describe(first.case.spec)}: {first.outcome.autograd_refused}); "
        "there they were judged as its backward returned them"
    ]


def _nothing_compared(session: Session) -> list[str]:
    """Why there is no verdict, in the target's own words."""
    refused = [trial for trial in session.trials if not trial.supported]
    if not session.compared and refused:
        simplest = min(
            refused, key=lambda trial: sum(trial.case.spec.stride + trial.case.spec.dilation + trial.case.spec.padding)
        )
        return [f"every geometry was refused, the simplest one with: {simplest.outcome.error}"]
    return [] if session.described.yields else ["none of the three gradients was found in what it returns"]
