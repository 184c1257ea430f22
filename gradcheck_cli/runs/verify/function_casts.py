"""Functions whose own code casts to few bits: judged without these casts, then as they are written.

Rounding to bfloat16 moves a gradient by more than most mistakes do, so no bound tells the two apart. The same code with
its casts led to float64 has the same formula and no such rounding: that is judged by the whole ladder. What is left is
how coarsely it rounds as it stands, which is compared with what its own forward under autograd does in the same dtypes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.checks.ladder.plain import FAR_WORSE, BesidePlain, beside_plain
from gradcheck_cli.mistakes import Sign, standing_for
from gradcheck_cli.model import (
    UNEXPLAINED,
    Finding,
    FunctionForm,
    GradientResult,
    RungEvidence,
    Sample,
    TargetReport,
    Verdict,
)
from gradcheck_cli.model.evidence import POWER
from gradcheck_cli.model.recording import Recording
from gradcheck_cli.trials.compared import Compared, FunctionComparison, judged_of
from gradcheck_cli.trials.function_trial import CalledFunction, FunctionTrial
from gradcheck_cli.trials.functions import whole_upstream
from gradcheck_cli.trials.graphs import RECORDED, UNITS, GraphOracle, narrowest
from gradcheck_cli.trials.larger import larger_batch

# Dtypes of so few bits that rounding hides formulas; float32's does not, see `checks.ladder.bounded`.
FEW_BITS = ("bfloat16", "float16")


@dataclass(frozen=True)
class AsWritten:
    """One gradient of the code as it stands, beside plain implementations."""

    name: str
    sample: Sample
    beside: BesidePlain


@dataclass(frozen=True)
class FewBits:
    """A function that computes in few bits by casts of its own.

    Attributes:
        dtype: the one with the fewest bits.
        client: asks the code as it is written.
        form: how it stands in its file.
        is_widened: without its casts it is the same function, to float64's rounding: that is what is judged.
    """

    dtype: str
    client: CalledFunction
    form: FunctionForm
    is_widened: bool

    @classmethod
    def of(cls, client: CalledFunction, form: FunctionForm, sample: Sample) -> FewBits | None:
        """What is known of it from one sample; None where its forward computes in more bits."""
        recording = client.recording(sample) if form in RECORDED else ""
        if not isinstance(recording, Recording) or (dtype := narrowest(recording)) not in FEW_BITS:
            return None
        outcome = client.widened().outputs(sample)
        is_same = outcome.ended and GraphOracle(form).is_in_float64(recording, sample, outcome.outputs)
        ends = client.gradients(sample, whole_upstream(outcome.outputs, sample.seed)).ended if is_same else False
        return cls(dtype, client, form, ends)

    def judged(self, report: TargetReport, trials: Sequence[FunctionTrial]) -> TargetReport:
        """The report with what the code as it is written is worth."""
        names = [name for name, each in report.gradients.items() if each.verdict in (Verdict.PASS, Verdict.FAIL)]
        asked = [each for trial in trials if trial.first for each in self._asked(trial.sample, names)]
        first = trials[0]
        larger = larger_batch(first.sample, first.outputs[0].shape) if first.outputs else None
        asked += self._asked(larger, names) if larger is not None else ()
        evidence = sorted((*report.evidence, *self._evidence(asked)), key=lambda each: each.rung == POWER)
        report = replace(report, evidence=tuple(evidence))
        if not self.is_widened:
            return self._unsure(report, asked)
        return self._rounded(report, asked) if report.verdict is Verdict.PASS else report

    def _rounded(self, report: TargetReport, asked: Sequence[AsWritten]) -> TargetReport:
        """Right but for its casts: a pass where these cost no more than in a plain implementation."""
        note = f"it computes in {self.dtype}: its formula is judged with these casts left out, then as it is written"
        lost = {each.name: each for each in reversed(asked) if each.beside.has_lost_terms}
        found = tuple(self._lost(each) for each in lost.values())
        if not found:
            silent = [name for name in report.gradients if not any(each.name == name for each in asked)]
            notes = [note, *(f"grad_{name} is not compared as it is written" for name in silent)]
            return replace(report, notes=(*report.notes, *notes, *_worse(asked)))
        failed = {each.gradient: GradientResult(Verdict.FAIL, (each.id,)) for each in found}
        return replace(
            report,
            verdict=Verdict.FAIL,
            gradients={**report.gradients, **failed},
            findings=found,
            notes=(*report.notes, note),
            power=None,
        )

    def _unsure(self, report: TargetReport, asked: Sequence[AsWritten]) -> TargetReport:
        """What is off by no more than some roundings of a plain implementation is not proved wrong by them."""
        proved = {each.name for each in asked if each.beside.has_lost_terms}
        doubtful = [
            name
            for name, each in report.gradients.items()
            if each.verdict is Verdict.FAIL and name not in proved and set(each.findings) <= {UNEXPLAINED}
        ]
        if not doubtful:
            return report
        notes = [
            f"grad_{name} is off by what {self.dtype} may round, and it does not run with its casts left out"
            for name in doubtful
        ]
        gradients = {**report.gradients, **dict.fromkeys(doubtful, GradientResult(Verdict.INCONCLUSIVE))}
        findings = tuple(each for each in report.findings if each.gradient not in doubtful)
        verdict = Verdict.FAIL if findings else Verdict.INCONCLUSIVE
        return replace(
            report,
            verdict=verdict,
            gradients=gradients,
            findings=findings,
            notes=(*report.notes, *notes),
            counterexample=report.counterexample if findings else None,
        )

    def _asked(self, sample: Sample, names: Sequence[str]) -> Iterator[AsWritten]:
        recording, oracle = self.client.recording(sample), GraphOracle(self.form)
        outputs = self.client.outputs(sample).outputs
        if not isinstance(recording, Recording) or not outputs:
            return
        # Positive: what is added up over a batch grows with it.
        upstream = [np.abs(grad) for grad in whole_upstream(outputs, sample.seed)]
        plain = oracle.plain(recording, sample, upstream, "")
        right = oracle.plain(recording, sample, upstream, "float64")
        outcome = self.client.gradients(sample, upstream)
        for name in names if plain and right and outcome.ended else ():
            actual, expected = outcome.gradients.get(name), right[0].get(name)
            if actual is not None and expected is not None and actual.shape == expected.shape:
                beside = beside_plain(actual, expected, [member[name] for member in plain], UNITS[self.dtype])
                yield AsWritten(name, sample, beside)

    def _evidence(self, asked: Sequence[AsWritten]) -> Iterator[RungEvidence]:
        for name in dict.fromkeys(each.name for each in asked):
            mine = [each.beside for each in asked if each.name == name]
            worst = max(mine, key=lambda beside: beside.times)
            verdict = Verdict.PASS if worst.is_as_accurate else Verdict.INCONCLUSIVE
            verdict = Verdict.FAIL if any(beside.has_lost_terms for beside in mine) else verdict
            said = "as accurate as" if worst.is_as_accurate else f"{worst.times:.3g} times worse than"
            said = f"in {self.dtype}, as it is written: {said} a plain implementation"
            numbers = {"times": worst.times, "share": worst.share, "plain": worst.plain}
            yield RungEvidence(4, "own dtype", name, verdict, sum(beside.entries for beside in mine), said, numbers)

    def _lost(self, each: AsWritten) -> Finding:
        mistake = standing_for(Sign.COARSE)
        message = (
            f"Right with its casts to {self.dtype} left out; as it is written, grad_{each.name} is off by "
            f"{each.beside.share:.2g} of its largest entry on {each.sample.text}, where its own forward under "
            f"autograd, in the same dtypes, is off by {each.beside.plain:.2g}."
        )
        return Finding(mistake.id, each.name, "proved", message, mistake.fix_of_function, f"in {self.dtype}")


def _worse(asked: Sequence[AsWritten]) -> Iterator[str]:
    for name in dict.fromkeys(each.name for each in asked):
        times = max(each.beside.times for each in asked if each.name == name)
        if times > FAR_WORSE:
            yield f"grad_{name} is up to {times:.2g} times less accurate than a plain implementation"


def without_casts(client: CalledFunction, comparison: FunctionComparison, report: TargetReport) -> TargetReport:
    """A report whose unexplained gradients are right where the casts of the backward are left out says so.

    The forward computes in more bits, else it would have been judged without them (`FewBits`).
    """
    unexplained = [each.gradient for each in report.findings if each.id == UNEXPLAINED]
    found = {name: finding for name in unexplained if (finding := _of_casts(client, comparison, name)) is not None}
    if not found:
        return report
    findings = tuple(found.get(each.gradient, each) if each.id == UNEXPLAINED else each for each in report.findings)
    named = {name: replace(report.gradients[name], findings=(finding.id,)) for name, finding in found.items()}
    return replace(report, findings=findings, gradients={**report.gradients, **named})


def _of_casts(client: CalledFunction, comparison: FunctionComparison, name: str) -> Finding | None:
    wrong = [each for each in comparison.about(name) if each.judged.verdict is Verdict.FAIL]
    if not wrong or not all(_is_right_widened(client, each) for each in wrong):
        return None
    largest = max(np.max(np.abs(each.judged.expected), initial=0.0) for each in wrong)
    off = max(np.max(np.abs(each.judged.actual - each.judged.expected)) for each in wrong)
    mistake = standing_for(Sign.COARSE)
    message = (
        f"grad_{name} is right to float64's rounding where the casts to fewer bits in its code are left out; as it is "
        f"written it is off by {off / largest:.1g} of its largest entry, and the forward does not round so."
    )
    return Finding(mistake.id, name, "proved", message, mistake.fix_of_function)


def _is_right_widened(client: CalledFunction, each: Compared) -> bool:
    """The same sample and G, without the casts; the outputs are the same too, so that it is the same function."""
    outcome = client.widened().gradients(each.trial.sample, each.asking.upstream)
    same = outcome.ended and all(
        np.array_equal(one, other) for one, other in zip(outcome.outputs, each.trial.outputs, strict=False)
    )
    judged = judged_of(each.trial, replace(each.asking, outcome=outcome), each.name) if same else None
    return judged is not None and judged.verdict is Verdict.PASS
