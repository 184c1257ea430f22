"""From what happened to a function to its report: verdicts, samples, notes, evidence rung by rung. Asks nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gradcheck_cli.checks.ladder.empty import EmptyBatch
from gradcheck_cli.checks.ladder.twice import SecondOrder
from gradcheck_cli.diagnose.kinds import stands_for
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import (
    CALL,
    Finding,
    Geometries,
    GradientResult,
    RungEvidence,
    SampleResult,
    TargetReport,
    Verdict,
    VerifyOptions,
)
from gradcheck_cli.model.text import counted
from gradcheck_cli.runs.verify.function_findings import example_of, findings_of
from gradcheck_cli.runs.verify.function_layer import as_layer
from gradcheck_cli.runs.verify.unreached import in_no_call
from gradcheck_cli.targets import DescribedFunction, TargetRef
from gradcheck_cli.trials.compared import Compared, FunctionComparison, worst
from gradcheck_cli.trials.function_trial import FunctionTranscript, FunctionTrial
from gradcheck_cli.trials.surrogates import surrogates, without

# In place of how many samples it is right on.
SURROGATE = "a surrogate: not judged as a derivative"
NOTHING_OWED = "no gradient of what it is given is owed: nothing is judged"
PROVES_NOTHING = "is off by more than float64's rounding and by less than float32's, which proves nothing"
"""Of a gradient."""
# No failure, as the first derivative is right and rarely more is asked for.
SECOND_WRONG = (
    "{}: a constant to it is what the forward computed without a graph and kept; once_differentiable would refuse it"
)


def judge_function(
    ref: TargetRef,
    described: DescribedFunction,
    transcript: FunctionTranscript,
    whole: FunctionComparison,
    options: VerifyOptions,
) -> TargetReport:
    """From what happened to the report; nothing is asked any more.

    Args:
        whole: what the transcript's trials, and perhaps further ones, come to.
    """
    meant = {} if options.strict else surrogates(whole)
    guards = transcript.guards
    comparison = without(whole, meant).but_for(guards)
    layer = as_layer(comparison)
    findings = findings_of(comparison, layer, ref.file)
    gradients = {name: _gradient(name, comparison, findings) for name in comparison.names}
    gradients |= dict.fromkeys(meant, GradientResult(Verdict.NOT_APPLICABLE))
    samples = tuple(_sample(trial, comparison) for trial in comparison.trials)
    return TargetReport(
        target=ref.text,
        file=ref.file,
        line=described.line or ref.line,
        convention=described.form,
        layout="",
        why=described.why,
        verdict=_verdict(gradients, findings, transcript, comparison),
        gradients=gradients,
        geometries=_counted(samples) if comparison.names else _of_none(samples, meant),
        findings=findings,
        counterexample=example_of(comparison),
        notes=(
            *_surrogate_notes(meant),
            *(guard.said for guard in guards.values()),
            *transcript.notes,
            *_notes(described, transcript, comparison),
        ),
        output="".join(dict.fromkeys([described.printed, *_printed(comparison.trials)])),
        name=ref.name,
        call=options.call,
        returns=options.returns,
        kind="function",
        layer="" if layer.match is None else layer.match.layer.id,
        unreached=in_no_call(asking.outcome.unreached for trial in comparison.trials for asking in trial.askings),
        samples=samples,
        inputs=f"{described.samples[0].text} ({described.inputs})",
        evidence=tuple(_evidence(comparison)),
    )


def _gradient(name: str, comparison: FunctionComparison, findings: Sequence[Finding]) -> GradientResult:
    ids = tuple(dict.fromkeys(each.id for each in findings if each.gradient in (name, CALL)))
    if any(each.gradient == name and each.certainty == "proved" for each in findings):
        return GradientResult(Verdict.FAIL, ids)
    mine = comparison.about(name)
    if not mine and any(stands_for(each.id, Sign.RAISED) for each in findings):
        return GradientResult(Verdict.ERROR, ids)
    return GradientResult(worst({each.judged.verdict for each in mine}), ids)


def _sample(trial: FunctionTrial, comparison: FunctionComparison) -> SampleResult:
    """The verdict of each gradient on it; none is said of what was not compared there."""
    failure = trial.failure or next((each.outcome for each in trial.askings if not each.outcome.ended), None)
    verdicts: dict[str, Verdict] = {}
    for name in comparison.names:
        mine = {each.judged.verdict for each in comparison.about(name) if each.trial is trial}
        is_owed = name in trial.sample.differentiated  # not so the bias that is left out there
        silent = Verdict.INCONCLUSIVE if is_owed and not trial.exact else Verdict.NOT_APPLICABLE
        verdicts[name] = worst(mine) if mine else Verdict.ERROR if failure else silent
    about = f" ({trial.about})" if trial.about else ""
    return SampleResult(f"{trial.sample.text}{about}", verdicts, "" if failure is None else failure.error)


def _counted(samples: Sequence[SampleResult]) -> Geometries:
    right = sum(set(each.gradients.values()) <= {Verdict.PASS, Verdict.NOT_APPLICABLE} for each in samples)
    tried = len(samples)
    of_all = counted(tried, "sample")
    summary = f"right on all {of_all}" if right == tried > 1 else f"right on {right} of {of_all}"
    return Geometries(tried, tried, right, summary)


def _of_none(samples: Sequence[SampleResult], meant: Mapping[str, str]) -> Geometries:
    """Of a target of which nothing is judged: for what is meant otherwise, or as nothing is owed."""
    return replace(_counted(samples), right=0, summary=SURROGATE if meant else NOTHING_OWED)


def _verdict(
    gradients: Mapping[str, GradientResult],
    findings: Sequence[Finding],
    transcript: FunctionTranscript,
    comparison: FunctionComparison,
) -> Verdict:
    verdicts = {result.verdict for result in gradients.values()} | {judged.verdict for _, judged in comparison.forwards}
    if any(each.certainty == "proved" for each in findings) or verdicts & {Verdict.FAIL, Verdict.ERROR}:
        return Verdict.FAIL
    # A backward that is meant to be no derivative is told, and is no failure.
    is_right = bool(verdicts) and verdicts <= {Verdict.PASS, Verdict.NOT_APPLICABLE}
    return Verdict.PASS if is_right and not transcript.stopped else Verdict.INCONCLUSIVE


def _surrogate_notes(meant: Mapping[str, str]) -> list[str]:
    return [
        f"a surrogate: along {name} the forward is {what} and the backward another function; it is not judged"
        for name, what in meant.items()
    ]


def _notes(
    described: DescribedFunction, transcript: FunctionTranscript, comparison: FunctionComparison
) -> tuple[str, ...]:
    notes = [*described.notes, *([transcript.stopped] if transcript.stopped else [])]
    unsettled = sorted({each.name for each in comparison.compared if each.judged.unsettled})
    notes += [f"grad_{name} is not judged at some entries: its truth is not known there" for name in unsettled]
    doubtful = [each for each in comparison.compared if each.judged.result.verdict is Verdict.INCONCLUSIVE]
    notes += [
        f"grad_{each.name} {PROVES_NOTHING}"
        for each in doubtful
        if each.judged.result.beyond and not each.judged.result.is_float32
    ]
    single = sorted({each.name for each in comparison.compared if each.judged.result.is_float32})
    notes += [f"grad_{name} is computed in float32; right to its rounding" for name in single]
    notes += _hidden(comparison)
    notes += _unlengthened(comparison)
    missing = [name for name in comparison.names if comparison.is_missing(name)]
    notes += [f"no gradient of {name} is returned, and the forward depends on it" for name in missing]
    data = ", ".join(comparison.left_out)
    notes += [f"no gradient of {data} is returned: taken as data, not judged"] if data else []
    others = ", ".join(comparison.of_nobody)
    notes += (
        [f"returned beside the gradients of its arguments and of none of these, not judged: {others}"] if others else []
    )
    notes += _forward_notes(comparison)
    notes += [SECOND_WRONG.format(each.detail) for each in _second_orders(comparison) if each.names]
    notes += [each.detail for each in _empty_batches(comparison) if each.verdict is Verdict.FAIL]
    for trial in comparison.trials:
        notes += [f"no derivative of the forward along {name}: {why}" for name, why in trial.unmeasured.items()]
    return tuple(dict.fromkeys(notes))


def _unlengthened(comparison: FunctionComparison) -> Iterator[str]:
    """Gradients whose shape is not quite that of their argument: no number differs."""
    trial = next((trial for trial in comparison.trials if trial.askings), None)
    if trial is None:
        return
    for name, shape in trial.askings[0].outcome.unlengthened.items():
        if name in comparison.names:
            whole = trial.sample.array(name).shape
            yield f"grad_{name} has the shape {shape}, {name} has {whole}: numpy spreads the one over the other"


def _hidden(comparison: FunctionComparison) -> Iterator[str]:
    """What a forward of low precision does not let see on any sample: its derivative is known to its rounding only."""
    for name in comparison.names:
        hidden = [each.judged.hidden for each in comparison.about(name)]
        if share := min(hidden, default=0.0) and max(hidden):
            yield (
                f"grad_{name}: the forward rounds as float32 does, so that nobody knows its derivative better than "
                f"to {share:.1g} of its terms; smaller errors would not show"
            )


def _second_orders(comparison: FunctionComparison) -> list[SecondOrder]:
    """Only said of a backward that is right: of a wrong one a second derivative says nothing."""
    if any(each.judged.verdict is not Verdict.PASS for each in comparison.compared):
        return []
    return [trial.second_order for trial in comparison.trials if trial.second_order is not None]


def _empty_batches(comparison: FunctionComparison) -> list[EmptyBatch]:
    """Said beside a verdict, which is that of batches with rows."""
    return [trial.empty for trial in comparison.trials if trial.empty is not None]


def _forward_notes(comparison: FunctionComparison) -> list[str]:
    return [judged.detail for _, judged in comparison.forwards if judged.verdict is Verdict.INCONCLUSIVE]


def _printed(trials: Sequence[FunctionTrial]) -> list[str]:
    return [asking.outcome.printed for trial in trials for asking in trial.askings]


def _evidence(comparison: FunctionComparison) -> Iterator[RungEvidence]:
    """The rungs, gradient by gradient; the forward's own first."""
    if comparison.forwards:
        verdict = worst({judged.verdict for _, judged in comparison.forwards})
        said = next((judged.detail for _, judged in comparison.forwards if judged.detail), "equal to the reference")
        yield RungEvidence(
            1, "forward", CALL, verdict, sum(trial.outputs[0].size for trial, _ in comparison.forwards), said
        )
    for name in comparison.names:
        laws, mine = comparison.laws(name), comparison.about(name)
        said = laws[0].message if laws else "linear in G bit for bit, repeats, changes no argument"
        elsewhere = sum(each.outcome.ended for trial in comparison.trials for each in trial.elsewhere)
        said += f", the same in {elsewhere} other circumstances" if elsewhere and not laws else ""
        yield RungEvidence(0, "contract", name, Verdict.FAIL if laws else Verdict.PASS, 0, said)
        yield from _rung(2, "exact", [each for each in mine if each.judged.is_exact])
        yield from _rung(3, "float64", [each for each in mine if not each.judged.is_exact])
    for each in _second_orders(comparison):
        yield RungEvidence(0, "double backward", CALL, each.verdict, 0, each.detail)
    for empty in _empty_batches(comparison):
        yield RungEvidence(0, "empty batch", CALL, empty.verdict, 0, empty.detail)


def _rung(rung: int, title: str, mine: Sequence[Compared]) -> Iterator[RungEvidence]:
    if not mine:
        return
    largest = max((each.judged for each in mine), key=lambda judged: judged.result.ratio)
    numbers = {"ratio": largest.result.ratio, "bound": largest.result.bound}
    said = f"{sum(each.judged.equal for each in mine)} of {len(mine)} bit for bit; " if rung == 2 else ""
    said += f"largest error {largest.result.ratio:.3g} u gauge, right up to {largest.result.bound:.3g}"
    entries = sum(each.judged.result.entries for each in mine)
    verdict = worst({each.judged.verdict for each in mine})
    yield RungEvidence(rung, title, mine[0].name, verdict, entries, f"{said}; truth: {largest.sources}", numbers)
