"""Rung 4: a function that is right in float64, asked in the dtypes in which it is used, with a large batch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.checks.ladder.plain import BesidePlain, beside_plain
from gradcheck_cli.mistakes import Sign, standing_for
from gradcheck_cli.model import Array, Finding, FunctionOutcome, RungEvidence, Sample, Setting, Verdict
from gradcheck_cli.model.circumstances import Circumstances
from gradcheck_cli.model.recording import Recording
from gradcheck_cli.model.text import counted
from gradcheck_cli.oracles.blackbox import UNIT
from gradcheck_cli.trials.function_trial import CalledFunction, FunctionTrial
from gradcheck_cli.trials.graphs import UNITS, GraphOracle
from gradcheck_cli.trials.larger import larger_batch, on_coarse_grid

# What code says that is meant for few bits: torch's names for its dtypes and for automatic mixed precision.
_FEW_BITS = re.compile(r"bfloat16|float16|\bbf16|\bfp16|\bhalf\b|autocast|\bamp\b|custom_fwd")
# The ladder: the error of right code falls as the roundoff does. All data are numbers of the last.
DTYPES = ("float32", "bfloat16")


@dataclass(frozen=True)
class InDtype:
    """One gradient in one dtype."""

    name: str
    dtype: str
    beside: BesidePlain
    terms: int


@dataclass(frozen=True, eq=False)
class OwnDtypes:
    """All that was asked in other dtypes."""

    asked: tuple[InDtype, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The same as findings, for code that is not known to be used in few bits."""
        return tuple(f"{each.message[:-1]} ({each.id})" for each in self.findings())

    def findings(self) -> Iterator[Finding]:
        """A sum that loses its terms in few bits, proved by being right in more."""
        for each in self.asked:
            better = [one for one in self.asked if one.name == each.name and one.dtype == DTYPES[0]]
            if each.dtype == DTYPES[0] or not each.beside.has_lost_terms or not better:
                continue
            if better[0].beside.is_as_accurate:
                mistake = standing_for(Sign.LOW_PRECISION)
                message = (
                    f"In {each.dtype}, with {counted(each.terms, 'sample')}, grad_{each.name} is off by "
                    f"{each.beside.share:.2g} of its largest entry; a plain implementation is off by "
                    f"{each.beside.plain:.2g}."
                )
                yield Finding(mistake.id, each.name, "proved", message, mistake.fix_of_function, f"in {each.dtype}")

    def evidence(self) -> Iterator[RungEvidence]:
        """By gradient and dtype."""
        for each in self.asked:
            beside = each.beside
            verdict = (
                Verdict.PASS
                if beside.is_as_accurate
                else Verdict.FAIL
                if any(found.gradient == each.name for found in self.findings()) and each.dtype != DTYPES[0]
                else Verdict.INCONCLUSIVE
            )
            said = "as accurate as" if beside.is_as_accurate else f"{beside.times:.3g} times worse than"
            said = f"in {each.dtype}, {counted(each.terms, 'sample')}: {said} a plain implementation"
            numbers = {"times": beside.times, "share": beside.share, "plain": beside.plain}
            yield RungEvidence(4, "own dtype", each.name, verdict, beside.entries, said, numbers)


def is_for_few_bits(text: str) -> bool:
    """Does the code speak of dtypes below float32? Else nobody said that it is used in them."""
    return _FEW_BITS.search(text) is not None


@dataclass(frozen=True, eq=False)
class LargeSample:
    """A sample on which sums lose terms where there are few bits, its forward written down, and a G.

    Attributes:
        terms: the length of its batch.
    """

    sample: Sample
    recording: Recording
    upstream: Sequence[Array]
    terms: int


def large_samples(client: CalledFunction, trial: FunctionTrial) -> Iterator[LargeSample]:
    """Samples like that of the trial, of numbers that few bits hold: a larger batch first, which not all code takes."""
    if trial.recording is None or not trial.outputs:
        return
    for sample in (larger_batch(trial.sample, trial.outputs[0].shape), on_coarse_grid(trial.sample)):
        if sample is None:
            continue
        outcome, recording = client.outputs(sample), client.recording(sample)
        if outcome.ended and isinstance(recording, Recording):
            terms = max((out.shape[0] for out in outcome.outputs if out.ndim), default=1)
            yield LargeSample(sample, recording, _upstream(outcome.outputs, sample.seed), terms)


def in_own_dtypes(client: CalledFunction, oracle: GraphOracle, trial: FunctionTrial, names: Sequence[str]) -> OwnDtypes:
    """Ask a function that passed; nothing where it is not recorded, or does not take the dtypes."""
    for large in large_samples(client, trial):
        found: list[InDtype] = []
        for dtype in DTYPES:
            mine, _ = asked_in(Setting(dtype), client, oracle, large, names)
            found += mine
            if not mine:
                break
        if found:
            return OwnDtypes(tuple(found))
    return OwnDtypes()


def asked_in(
    setting: Setting, client: CalledFunction, oracle: GraphOracle, large: LargeSample, names: Sequence[str]
) -> tuple[list[InDtype], FunctionOutcome]:
    """Each of these gradients in a setting, beside what plain code gives in the number format of its products.

    Returns:
        nothing of a gradient that did not come back, or where no plain code runs in that format; and the call.
    """
    other = client.in_circumstances(large.sample, large.upstream, Circumstances(setting=setting))
    right = oracle.plain(large.recording, large.sample, large.upstream, "float64")
    members = _plain(setting.computed, oracle, large, right)
    found: list[InDtype] = []
    for name in names if members and other.ended else ():
        if _is_there(name, other.gradients, right[0]):
            actual = np.asarray(other.gradients[name], np.float64)
            beside = beside_plain(
                actual, right[0][name], [each[name] for each in members], UNITS.get(setting.computed, UNIT)
            )
            found.append(InDtype(name, setting.computed, beside, large.terms))
    return found, other


def _plain(
    dtype: str, oracle: GraphOracle, large: LargeSample, right: Sequence[Mapping[str, Array]]
) -> list[dict[str, Array]]:
    """Plain code in a dtype, in numbers of float64; [] where torch does not run it.

    float64 has no wider format to be held against: the errors of float32 are taken, as many times smaller as its
    roundoff is.
    """
    widest = dtype not in UNITS
    found = oracle.plain(large.recording, large.sample, large.upstream, "float32" if widest else dtype)
    if not right:
        return []
    smaller = UNIT / UNITS["float32"] if widest else 1.0
    exact = right[0]
    return [
        {name: exact[name] + (np.array(value, np.float64) - exact[name]) * smaller for name, value in each.items()}
        for each in found
    ]


def _is_there(name: str, gradients: Mapping[str, Array], right: Mapping[str, Array]) -> bool:
    return name in gradients and name in right and gradients[name].shape == right[name].shape


def _upstream(outputs: Sequence[Array], seed: int) -> list[Array]:
    """A positive G of few bits: what is added up over a batch grows with it."""
    generator = np.random.default_rng([seed, 7])
    return [np.asarray(generator.integers(1, 9, out.shape) / 8.0) for out in outputs]
