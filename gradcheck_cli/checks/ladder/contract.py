"""Rung 0: what every right backward keeps, whatever it is the backward of. Bit for bit, and without a truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.mistakes import Sign, standing_for
from gradcheck_cli.model import CALL, Array, FunctionOutcome, Sample
from gradcheck_cli.model.text import counted
from gradcheck_cli.targets.functions.spelling import is_running


@dataclass(frozen=True)
class ScaledCall:
    """The same call with another G: `factor` times the first."""

    factor: float
    outcome: FunctionOutcome


@dataclass(frozen=True)
class Broken:
    """A law that does not hold.

    `sign` says which, `gradient` the argument or "call", `message` what was seen, `when` on what alone, "" for all,
    `mend` what to do in this function's own names, "" where the catalogue says it, `line` that was seen to break it.
    """

    sign: Sign
    gradient: str
    message: str
    when: str = ""
    mend: str = ""
    line: int | None = None

    @property
    def id(self) -> str:
        """The catalogue's."""
        return standing_for(self.sign).id


def is_finite(outcome: FunctionOutcome) -> bool:
    """Did the forward end, with finite outputs? Elsewhere there is no derivative."""
    return outcome.ended and all(bool(np.isfinite(out).all()) for out in outcome.outputs)


def broken_laws(sample: Sample, outcome: FunctionOutcome, scaled: list[ScaledCall]) -> list[Broken]:
    """Everything of the contract that a call breaks; [] where it did not end."""
    if not outcome.ended:
        return []
    found = [
        *_count(outcome),
        *_shapes(sample, outcome),
        *_not_finite(outcome),
        *_mutations(sample, outcome),
        *_repeats(outcome),
    ]
    unsteady = {each.gradient for each in found if each.sign is Sign.UNSTEADY}
    ended = [each for each in scaled if each.outcome.ended]
    for name, first in outcome.gradients.items():
        if name not in unsteady and np.isfinite(first).all():
            found += _linear(name, first, {each.factor: each.outcome.gradients for each in ended})
    return found


def _count(outcome: FunctionOutcome) -> list[Broken]:
    """As many entries as arguments, each a tensor or None. Autograd itself takes further ones that are None."""
    returned, owed = outcome.returned, outcome.owed
    if owed is None:
        return []
    nested = [entry for entry in returned if not entry.is_none and entry.shape is None]
    if nested:
        return [Broken(Sign.COUNT, CALL, f"the backward returns a {nested[0].dtype} where a gradient is expected")]
    if len(returned) < owed or any(not entry.is_none for entry in returned[owed:]):
        message = (
            f"the backward returns {counted(len(returned), 'gradient')} for {counted(owed, 'argument')} of the forward"
        )
        return [Broken(Sign.COUNT, CALL, message)]
    return []


def _shapes(sample: Sample, outcome: FunctionOutcome) -> list[Broken]:
    return [
        Broken(
            Sign.OTHER_SHAPE,
            name,
            f"grad_{name} has the shape {array.shape}, {name} has {sample.array(name).shape}",
            mend=f"Give grad_{name} the shape of {name}: {_of_entries(name, array.size, sample.array(name).size)}.",
        )
        for name, array in outcome.gradients.items()
        if array.shape != sample.array(name).shape
    ]


def _of_entries(name: str, given: int, wanted: int) -> str:
    if given < wanted:
        return "a number for each of its entries, not summed over them"
    return f"along axes over which {name} was spread it is a sum"


def _not_finite(outcome: FunctionOutcome) -> list[Broken]:
    """Where the forward is finite: elsewhere there is no derivative."""
    if not is_finite(outcome):
        return []
    return [
        Broken(
            Sign.NOT_FINITE,
            name,
            f"inf or NaN in {int((~np.isfinite(array)).sum()):,} of {counted(array.size, 'entry')}",
        )
        for name, array in outcome.gradients.items()
        if not np.isfinite(array).all()
    ]


def _mutations(sample: Sample, outcome: FunctionOutcome) -> list[Broken]:
    """But for the statistics that a norm moves on, which nobody differentiates: there it is meant."""
    written = [name for name in outcome.mutated if name in sample.differentiated or not is_running(name)]
    return [_written_to(name, outcome.writes.get(name)) for name in written]


def _written_to(name: str, line: int | None) -> Broken:
    if name == "grad_output":
        return Broken(Sign.OVERWRITES_UPSTREAM, CALL, "the call changes the G that it is handed", line=line)
    return Broken(Sign.MUTATES, CALL, f"the call changes {name} in place", line=line)


def _repeats(outcome: FunctionOutcome) -> list[Broken]:
    second = outcome.second or {}
    return [
        Broken(Sign.UNSTEADY, name, "the same call once more gives other numbers")
        for name, array in outcome.gradients.items()
        if name in second and not np.array_equal(array, second[name], equal_nan=True)
    ]


def _linear(name: str, first: Array, others: Mapping[float, Mapping[str, Array]]) -> list[Broken]:
    """B(k G) = k B(G) for k = 2, -1 and 0: multiplying by them rounds nothing.

    What is the same for each of them does not use G; what is the same for 2 G alone uses its direction.
    """
    found = {factor: gradients[name] for factor, gradients in others.items() if name in gradients}
    found = {factor: again for factor, again in found.items() if again.shape == first.shape}
    wrong = [factor for factor, again in found.items() if not np.array_equal(again, factor * first)]
    if not wrong:
        return []
    factor = wrong[0]
    if all(np.array_equal(again, first) for again in found.values()):
        return [Broken(Sign.UPSTREAM_IGNORED, name, f"grad_{name} stays the same when G is multiplied by {factor:g}")]
    return [Broken(Sign.NONLINEAR, name, f"{factor:g} G does not give {factor:g} grad_{name}")]
