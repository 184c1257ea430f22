"""Rung 4: a function that is right in float64, asked in the dtypes in which it is used, with a large batch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.checks.ladder.plain import BesidePlain, beside_plain
from gradcheck_cli.mistakes import Sign, standing_for
from gradcheck_cli.model import Array, Finding, RungEvidence, Sample, Verdict
from gradcheck_cli.model.circumstances import Circumstances
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
                    f"In {each.dtype}, with {each.terms} samples, grad_{each.name} is off by {each.beside.share:.2g} "
                    f"of its largest entry; a plain implementation is off by {each.beside.plain:.2g}."
                )
                yield Finding(mistake.id, each.name, "proved", message, mistake.fix, f"in {each.dtype}")

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
            said = f"in {each.dtype}, {each.terms} samples: {said} a plain implementation"
            numbers = {"times": beside.times, "share": beside.share, "plain": beside.plain}
            yield RungEvidence(4, "own dtype", each.name, verdict, beside.entries, said, numbers)


def is_for_few_bits(text: str) -> bool:
    """Does the code speak of dtypes below float32? Else nobody said that it is used in them."""
    return _FEW_BITS.search(text) is not None


def in_own_dtypes(client: CalledFunction, oracle: GraphOracle, trial: FunctionTrial, names: Sequence[str]) -> OwnDtypes:
    """Ask a function that passed; nothing where it is not recorded, or does not take the dtypes."""
    if trial.recording is None or not trial.outputs:
        return OwnDtypes()
    found: list[InDtype] = []
    samples = (larger_batch(trial.sample, trial.outputs[0].shape), on_coarse_grid(trial.sample))
    for sample in (each for each in samples if each is not None):
        found = list(_asked(client, oracle, sample, names))
        if found:
            break
    return OwnDtypes(tuple(found))


def _asked(client: CalledFunction, oracle: GraphOracle, sample: Sample, names: Sequence[str]) -> Iterator[InDtype]:
    outcome, recording = client.outputs(sample), client.recording(sample)
    if not outcome.ended or isinstance(recording, str):
        return
    upstream = _upstream(outcome.outputs, sample.seed)
    terms = max((out.shape[0] for out in outcome.outputs if out.ndim), default=1)
    for dtype in DTYPES:
        plain = oracle.plain(recording, sample, upstream, dtype)
        right = oracle.plain(recording, sample, upstream, "float64")
        other = client.in_circumstances(sample, upstream, Circumstances(dtype=dtype))
        if not plain or not right or not other.ended:
            return
        for name in names:
            if _is_there(name, other.gradients, right[0]):
                members: list[Array] = [np.array(member[name], np.float64) for member in plain]
                actual = np.asarray(other.gradients[name], np.float64)
                yield InDtype(name, dtype, beside_plain(actual, right[0][name], members, UNITS[dtype]), terms)


def _is_there(name: str, gradients: Mapping[str, Array], right: Mapping[str, Array]) -> bool:
    return name in gradients and name in right and gradients[name].shape == right[name].shape


def _upstream(outputs: Sequence[Array], seed: int) -> list[Array]:
    """A positive G of few bits: what is added up over a batch grows with it."""
    generator = np.random.default_rng([seed, 7])
    return [np.asarray(generator.integers(1, 9, out.shape) / 8.0) for out in outputs]
