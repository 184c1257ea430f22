"""Rung 0: a backward that lets itself be differentiated gives the second derivative, or refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array, FunctionOutcome, Verdict

# Of the largest entry: what rounding in float64 leaves of a second derivative lies far below, a lost term far above.
LOST = 1e-6
# Central differences of the backward with steps of some 1e-4 are off by the square of that.
BY_DIFFERENCES = 1e-5


@dataclass(frozen=True)
class SecondOrder:
    """What became of it. `names`: the arguments by which it is wrong; `detail` one clause."""

    verdict: Verdict
    detail: str
    names: tuple[str, ...] = ()


def judged_twice(
    outcome: FunctionOutcome, truth: Mapping[str, Array], steps: Mapping[str, Array], difference: float
) -> SecondOrder:
    """Beside the recorded forward, differentiated twice, which the backward's own differences must confirm.

    Args:
        outcome: what came back; an argument that is not there has the derivative 0.
        truth: of the recording, by argument.
        steps: a direction, by argument.
        difference: how fast the weighed gradients change along it.
    """
    if not outcome.ended:
        return SecondOrder(Verdict.NOT_APPLICABLE, f"a second derivative is refused ({outcome.error})")
    found = {name: outcome.gradients.get(name, np.zeros_like(right)) for name, right in truth.items()}
    scale = max(_largest(truth), _largest(found))
    wrong = tuple(name for name, right in truth.items() if _is_off(found[name], right, LOST * scale))
    if not wrong:
        return SecondOrder(Verdict.PASS, "a second derivative is right")
    along = _largest(steps) * scale * sum(part.size for part in truth.values())
    if abs(_inner(truth, steps) - difference) > BY_DIFFERENCES * along:
        return SecondOrder(Verdict.INCONCLUSIVE, "two sources of the second derivative do not agree")
    said = f"a second derivative comes back wrong by {' and '.join(wrong)} (create_graph=True)"
    return SecondOrder(Verdict.FAIL, said, wrong)


def _is_off(actual: Array, right: Array, allowed: float) -> bool:
    return actual.shape != right.shape or not bool(np.all(np.abs(actual - right) <= allowed))


def _largest(arrays: Mapping[str, Array]) -> float:
    return max((float(np.max(np.abs(array), initial=0.0)) for array in arrays.values()), default=0.0)


def _inner(one: Mapping[str, Array], other: Mapping[str, Array]) -> float:
    return float(sum(np.vdot(one[name], other[name]) for name in one))
