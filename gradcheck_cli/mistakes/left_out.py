"""Wrong formulas that leave something out: some filters, channels, images, outputs, taps, rows or columns of X.

No mistake lives here; a file of the catalogue says which of them are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from gradcheck_cli.mistakes.mistake import Problem, WrongFormula
from gradcheck_cli.mistakes.pieces import with_grad_output
from gradcheck_cli.model import Array, Case, ConvSpec, GradientName
from gradcheck_cli.model.line import number_of_axes

Part = Literal[
    "images",
    "filters",
    "channels",
    "rows of G",
    "columns of G",
    "outputs",
    "rows of F",
    "columns of F",
    "rows of X",
    "columns of X",
]
# Of so many, which are left out: nothing where it is empty.
LeftOut = Callable[[int], slice]
Parts = tuple[Part, ...]

# Where the part is an axis of an array: "outputs" are rows and columns of G in one.
_AXIS: Mapping[Part, tuple[str, int]] = {
    "images": ("grad_output", 0),
    "filters": ("grad_output", 1),
    "rows of G": ("grad_output", 2),
    "columns of G": ("grad_output", 3),
    "channels": ("weight", 1),
    "rows of F": ("weight", 2),
    "columns of F": ("weight", 3),
    "rows of X": ("x", 2),
    "columns of X": ("x", 3),
}
# Parts that are an axis of the gradient itself: its entries there stay zero.
_OWN: Mapping[GradientName, Mapping[Part, int]] = {
    "weight": {"filters": 0, "channels": 1, "rows of F": 2, "columns of F": 3},
    "input": {"images": 0, "rows of X": 2, "columns of X": 3},
    "bias": {"filters": 0},
}
_UNKNOWN: Mapping[GradientName, frozenset[Part]] = {
    "weight": frozenset(),
    "input": frozenset(),
    "bias": frozenset(("channels", "rows of F", "columns of F", "rows of X", "columns of X")),
}


def knows(gradient: GradientName, parts: Parts) -> bool:
    """Whether a loop over these parts adds to the gradient."""
    return not _UNKNOWN[gradient] & set(parts)


def parts_of(spec: ConvSpec, parts: Parts) -> Parts:
    """Those that its code loops over: that of a line has no rows."""
    return parts if number_of_axes(spec) > 1 else tuple(part for part in parts if not part.startswith("rows"))


def leaving_out(gradient: GradientName, parts: Parts, which: LeftOut) -> WrongFormula:
    """The gradient without what these indices of each part add to it."""

    def formula(problem: Problem) -> Array:
        case = problem.case
        left = {part: found for part in parts_of(case.spec, parts) if (found := _indices(case, part, which))}
        inputs = tuple((part, found) for part, found in left.items() if part not in _OWN[gradient])
        other = problem.prepared(_Without(inputs)) if inputs else problem
        right = (other or problem).right(gradient)
        return _zeroed(right, [(axis, left[part]) for part, axis in _OWN[gradient].items() if part in left])

    return formula


@dataclass(frozen=True)
class _Without:
    """The case with zeros at these indices of each part. Equal ones are one: blocks of 8 and 16 leave out the same."""

    left: tuple[tuple[Part, range], ...]

    def __call__(self, case: Case) -> Case:
        for part, indices in self.left:
            case = _without(case, part, slice(indices.start, indices.stop, indices.step))
        return case


def _zeroed(right: Array, own: list[tuple[int, range]]) -> Array:
    if not own:
        return right
    kept = right.copy()
    for axis, indices in own:
        kept[(slice(None),) * axis + (indices,)] = 0
    return kept


def _indices(case: Case, part: Part, which: LeftOut) -> range:
    count = _count(case, part)
    return range(*which(count).indices(count))


def _count(case: Case, part: Part) -> int:
    if part == "outputs":
        return case.spec.output_size[0] * case.spec.output_size[1]
    name, axis = _AXIS[part]
    length: int = getattr(case, name).shape[axis]
    return length


def _without(case: Case, part: Part, which: slice) -> Case:
    """The case with zeros there."""
    if part == "outputs":
        flat = case.grad_output.reshape(*case.grad_output.shape[:2], -1).copy()
        flat[:, :, which] = 0
        return with_grad_output(case, flat.reshape(case.grad_output.shape))
    name, axis = _AXIS[part]
    array: Array = np.array(getattr(case, name))
    array[(slice(None),) * axis + (which,)] = 0
    changed: dict[str, Any] = {name: array}
    return replace(case, **changed)
