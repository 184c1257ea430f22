"""fold-back-overwrites: the margin's gradient is written over what it should be added to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.mistakes.any_form import framed_gradient
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.model import Array, Axis

Writing = Callable[[Axis], Sequence[int]]
"""The positions of the padded axis in the order in which they are written."""


def _as_they_stand(axis: Axis) -> Sequence[int]:
    return range(axis.room)


def _margins_last(axis: Axis) -> Sequence[int]:
    core = range(axis.before, axis.before + axis.size)
    return [*core, *range(axis.before), *range(core.stop, axis.room)]


def _front_last(axis: Axis) -> Sequence[int]:
    core = range(axis.before, axis.before + axis.size)
    return [*core, *range(core.stop, axis.room), *range(axis.before)]


def _written(order: Writing) -> WrongFormula:
    """Each element keeps what was written last."""

    def formula(problem: Problem) -> Array | None:
        spec = problem.spec
        if spec.padding_mode == "zeros" or not spec.is_padded:
            return None
        kept = [_last(axis, order(axis)) for axis in spec.axes]
        index: Any = (..., *np.ix_(*kept))
        found: Array = framed_gradient(problem)[index]
        return found

    return formula


def _last(axis: Axis, order: Sequence[int]) -> list[int]:
    """For each element the position that is written to it last."""
    found: dict[int | None, int] = {axis.source(position): position for position in order}
    return [found[element] for element in range(axis.size)]


_WAYS: dict[str, Writing] = {
    "position by position, so the last one wins": _as_they_stand,
    "the margins after the middle": _margins_last,
    "the margins after the middle, the front one last": _front_last,
}
MISTAKE = Mistake(
    id="fold-back-overwrites",
    order=413,
    title="writes the gradient of the padding over the elements that it repeats, where it has to be added",
    elsewhere={"input": tuple(Variant(label, _written(order)) for label, order in _WAYS.items())},
    why=(
        "`dX[..., source] = dX_padded`, and `dX[..., source] += dX_padded` too, keep one of several numbers that go to "
        "the same element: numpy adds once for each index, not once for each time that it stands there."
    ),
    hides_when="padding = 0, or the layer pads with zeros",
    fix="Add them, `+=` in a loop over the positions: one statement with an index that repeats keeps the last only.",
    shown_by="gradcheck verify, of code whose padding repeats (dE/dX)",
    numbers="padding {padding}",
)
