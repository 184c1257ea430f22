"""Where a gradient is wrong, when no mistake of the catalogue explains it. Facts only, never a guess."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from gradcheck_cli.diagnose.words import axis_words
from gradcheck_cli.mistakes import in_place_of
from gradcheck_cli.model import Array, GradientName

# Filters, channels or taps by their numbers: of more nobody reads each.
_LISTED = 6
# So many entries of a plane must be right for its edges to tell anything: nearly all of 3x3 is border.
_TELLING = 4


def locate(expected: Array, actual: Array, gradient: GradientName = "weight", spatial: int = 2) -> str:
    """One sentence on where `actual` differs from `expected`; "" where they are equal.

    Args:
        expected: the right gradient, integers in float64.
        actual: what the user's code returned, in any shape.
        gradient: decides what the axes are called.
        spatial: 1 for code that knows no rows; the arrays have an axis of length 1 for them here.
    """
    if spatial == 1:
        expected, actual = (
            array.squeeze(2) if array.ndim == 4 and array.shape[2] == 1 else array for array in (expected, actual)
        )
    name = f"grad_{gradient}"
    if actual.shape != expected.shape:
        return f"{name} has shape {actual.shape} where {expected.shape} is right{_common_part(expected, actual)}."
    broken: Array = ~np.isfinite(actual)
    if broken.any():
        index = _first(broken)
        more = f", the first of {broken.sum():,} such entries" if broken.sum() > 1 else ""
        return f"{name}{list(index)} is {actual[index]}{more}."
    wrong: Array = np.not_equal(expected, actual)
    if not wrong.any():
        return ""
    places = _places(wrong, axis_words(gradient, spatial))
    return f"{name} is wrong in {_share(wrong)}{places}; {_worst(expected, actual)}."


def _share(wrong: Array) -> str:
    if wrong.all():
        return f"all {wrong.size} entries" if wrong.size > 1 else "its one entry"
    return f"{wrong.sum()} of {wrong.size} entries"


def _places(wrong: Array, axes: tuple[tuple[str, str], ...]) -> str:
    """The indices that the wrong entries are confined to, axis by axis; else the edges of the planes, if that tells."""
    if wrong.all():
        return ""
    parts = {}
    for axis, (one, many) in enumerate(axes):
        others = tuple(other for other in range(wrong.ndim) if other != axis)
        hit: Array = np.asarray(wrong.any(axis=others))
        if not hit.all():
            parts[one] = _indices(np.flatnonzero(hit), len(hit), one, many)
    # Entries in row 0 and in column 0 are in every row and in every column.
    edge = "" if wrong.ndim != 4 or {"row", "column"} & set(parts) else _edges(np.asarray(wrong.any(axis=(0, 1))))
    if edge and not edge.startswith(","):
        parts["row"] = edge
        edge = ""
    return edge + (f", only in {', '.join(parts.values())}" if parts else "")


def _edges(plane: Array) -> str:
    """One or two edges that hold all of it ("row 0 and column 0"), or the border; "" where that excludes too little."""
    rows, columns = plane.shape
    names = {(0, 0): "row 0", (0, rows - 1): f"row {rows - 1} (the last)"}
    names |= {(1, 0): "column 0", (1, columns - 1): f"column {columns - 1} (the last)"}
    for edges in combinations(names, 2):
        filled = _filled(plane.shape, edges)
        if not (plane & ~filled).any() and (~filled).sum() >= _TELLING:
            return " and ".join(names[edge] for edge in edges)
    if not plane[1:-1, 1:-1].any() and plane[1:-1, 1:-1].size >= _TELLING:
        return ", all on the border of the planes"
    return ""


def _filled(shape: tuple[int, ...], edges: Sequence[tuple[int, int]]) -> Array:
    """These rows and columns and nothing else."""
    filled = np.zeros(shape, dtype=bool)
    for axis, place in edges:
        filled[(slice(None),) * axis + (place,)] = True
    return filled


def _indices(found: Array, length: int, one: str, many: str) -> str:
    if len(found) == 1:
        last = " (the last)" if found[0] == length - 1 else ""
        return f"{one} {found[0]}{last}"
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        last = " (to the last)" if found[-1] == length - 1 else ""
        return f"{many} {found[0]} to {found[-1]}{last}"
    listed = ", ".join(map(str, found[:_LISTED]))
    return f"{many} {listed}" + (f" and {len(found) - _LISTED} more" if len(found) > _LISTED else "")


def _worst(expected: Array, actual: Array) -> str:
    difference = np.abs(actual - expected)
    index = tuple(int(i) for i in np.unravel_index(int(difference.argmax()), difference.shape))
    return f"the largest difference is at {list(index)}: {in_place_of(actual[index], expected[index])}"


def _common_part(expected: Array, actual: Array) -> str:
    if actual.size == 0:
        return "; it is empty"
    if actual.ndim != expected.ndim:
        same = actual.size == expected.size and np.array_equal(actual.ravel(), expected.ravel())
        return "; its numbers are right" if same else ""
    common = tuple(slice(min(a, b)) for a, b in zip(actual.shape, expected.shape, strict=True))
    equal = np.array_equal(actual[common], expected[common])
    return f"; the part that both have is {'equal' if equal else 'different too'}"


def _first(mask: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(mask)[0])
