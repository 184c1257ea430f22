"""Rung 3 where entries are equal: a forward that takes the larger one has no derivative there, and still a slope.

Along a step that moves equal entries together the forward is smooth, as no order changes; whichever of them a backward
gives the gradient, or however it shares it, its slope along that step is the forward's. One that gives every one of
them the whole gradient has a larger one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.checks.ladder.contract import Broken
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import Array, FunctionOutcome
from gradcheck_cli.oracles.blackbox import Direction

# Between what differences leave, some 1e-10, and one entry of a window counted once more.
LARGEST_JUMP = 1e-6
# Levels on which entries meet: half as far apart where none is negative, as between 0 and 1.
LEVEL, LEVEL_OF_POSITIVE = 1.0, 0.5


@dataclass(frozen=True, eq=False)
class TiedCall:
    """A call on entries many of which are equal.

    Attributes:
        name: of the argument.
        slope: of the outputs along a step that moves equal entries together.
        upstream: what the backward was handed.
        outcome: what it gave.
    """

    name: str
    slope: Direction
    upstream: tuple[Array, ...]
    outcome: FunctionOutcome


def tied(array: Array) -> Array:
    """The entries on few levels, none of them 0: an order of theirs is kept, and no kink at 0 is met."""
    level = LEVEL if (array < 0).any() else LEVEL_OF_POSITIVE
    found: Array = (np.floor(array / level) + 0.5) * level
    return found


def together(array: Array) -> Array:
    """A step for each entry, the same for equal ones; generic, so that no law of the forward makes it nothing."""
    found: Array = 1.0 + 0.5 * np.sin(3.0 * array)
    return found


def broken_at_ties(call: TiedCall) -> Broken | None:
    """What the backward gives too much or too little there; None where it fits, or where nothing is known."""
    gradient = call.outcome.gradients.get(call.name)
    if not call.outcome.ended or gradient is None or gradient.shape != call.slope.way.shape:
        return None
    weight = _flat(call.upstream)
    here, there = float(np.sum(gradient * call.slope.way)), float(call.slope.slope @ weight)
    scale = float(np.sum(np.abs(gradient * call.slope.way)))
    unsure = float(call.slope.error @ np.abs(weight))
    if not np.isfinite([here, there, unsure]).all() or abs(here - there) <= unsure + LARGEST_JUMP * scale:
        return None
    said = (
        f"where entries of {call.name} are equal, the slope by grad_{call.name} along a step of all equal ones is "
        f"{here:.6g}, and that of the forward {there:.6g}"
    )
    return Broken(Sign.TIES, call.name, said, f"entries of {call.name} are equal")


def _flat(parts: Sequence[Array]) -> Array:
    return np.concatenate([np.ravel(part) for part in parts])
