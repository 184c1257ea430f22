"""A counterexample on the screen: its small arrays as grids side by side, and the sum of one wrong entry in letters."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.text import Text

from gradcheck_cli.model import Array, Counterexample, Term
from gradcheck_cli.report.terminal_text import Screen, beside, heading, number, styled, subscript
from gradcheck_cli.report.words import geometry, size

LARGEST = 4
_PLANES = 4
_TERMS = 8
_LABEL = 15


def draw_counterexample(screen: Screen, example: Counterexample) -> list[Text]:
    """The geometry, G and the other factor, expected beside actual, and what one wrong entry should hold and holds."""
    lines = heading(screen, "Smallest example that fails", f"grad_{example.gradient}; {geometry(example.spec)}")
    lines += beside(_blocks(example), screen.width)
    return lines + _sums(screen, example)


def _blocks(example: Counterexample) -> list[list[Text]]:
    factors = {"x": ("x", example.x), "weight": ("weight", example.weight)}
    usual = "" if example.gradient == "bias" else "x"
    arrays = [factors[example.other or usual]] if example.other or usual else []
    arrays += [("G", example.grad_output), ("expected", example.expected)]
    blocks = [block for name, array in arrays for block in _planes(name, array, None)]
    if example.actual is None:
        return [*blocks, [styled("actual", "bold"), Text("nothing returned")]]
    return blocks + _planes("actual", example.actual, example.expected)


def _planes(name: str, array: Array, truth: Array | None) -> list[list[Text]]:
    """One block for each of the first planes of `array`; entries unlike `truth` are marked with a star."""
    if array.size == 0:
        return [[styled(name, "bold"), Text("empty"), styled(f"shape {array.shape}", "red")]]
    planes = array.reshape(-1, *array.shape[-2:]) if array.ndim > 2 else array.reshape(1, *_as_plane(array))
    same = truth is not None and truth.shape == array.shape
    right = truth.reshape(planes.shape) if truth is not None and same else planes
    leading = array.shape[:-2] if array.ndim > 2 else ()
    blocks = []
    for place in range(min(len(planes), _PLANES)):
        title = name + (subscript(_unravel(place, leading)) if leading else "")
        blocks.append([styled(title, "bold"), *_grid(planes[place], right[place])])
    if len(planes) > _PLANES:
        blocks[-1].append(styled(f"{len(planes) - _PLANES} more planes", "dim"))
    if truth is not None and not same:
        blocks[-1].append(styled(f"shape {array.shape}, not {truth.shape}", "red"))
    return blocks


def _as_plane(array: Array) -> tuple[int, int]:
    return (array.shape[0], array.shape[1]) if array.ndim == 2 else (1, array.size)


def _unravel(place: int, shape: Sequence[int]) -> tuple[int, ...]:
    found: list[int] = []
    for length in reversed(shape):
        place, position = divmod(place, length)
        found.insert(0, position)
    return tuple(found)


def _grid(plane: Array, truth: Array) -> list[Text]:
    shown, right = plane[:LARGEST, :LARGEST], truth[:LARGEST, :LARGEST]
    cells = [
        [_entry(float(actual), float(expected)) for actual, expected in zip(row, row_right, strict=True)]
        for row, row_right in zip(shown, right, strict=True)
    ]
    width = max((cell.cell_len for row in cells for cell in row), default=0)
    lines = []
    for row in cells:
        line = Text("")
        for cell in row:
            line += Text(" " * (width - cell.cell_len)) + cell + Text(" ")
        lines.append(line)
    cut = plane.shape[0] > LARGEST or plane.shape[1] > LARGEST
    return lines + ([styled(f"the corner of {size(plane.shape)}", "dim")] if cut else [])


def _entry(actual: float, expected: float) -> Text:
    if actual == expected or (math.isnan(actual) and math.isnan(expected)):
        return Text(number(actual))
    return styled(f"*{number(actual)}", "red")


def _sums(screen: Screen, example: Counterexample) -> list[Text]:
    """Entry by entry: the products that it should hold, and those that it holds."""
    if example.entry is None or not example.terms:
        return []
    entry = f"grad_{example.gradient}{subscript(example.entry)}"
    lines = screen.wrap(styled(f"* differs from expected; the terms of {entry}:", "dim"), screen.width)
    expected = [_product(term, term.expected, example.other) for term in example.terms if term.expected]
    lines += screen.labelled("  should hold", _joined(expected) + _value(example.expected, example), _LABEL)
    return lines + screen.labelled("  holds", _held(example) + _value(example.actual, example), _LABEL)


def _held(example: Counterexample) -> str:
    """The products of the actual entry, or the one factor by which it differs from the right sum."""
    factors = {(term.actual, term.expected) for term in example.terms}
    if len(factors) == 1 and all(expected == 1 and actual not in (0, 1) for actual, expected in factors):
        return f"{number(next(iter(factors))[0])} times that sum"
    return _joined([_product(term, term.actual, example.other) for term in example.terms if term.actual])


def _value(array: Array | None, example: Counterexample) -> str:
    return "" if array is None else f" = {number(float(array[example.entry]))}"


def _product(term: Term, factor: float, other: str) -> str:
    parts = [f"G{subscript(term.grad_output_index)}"]
    parts += [f"{other}{subscript(term.other_index)}"] if other else []
    product = "*".join(parts)
    if abs(factor) == 1:
        return product if factor == 1 else f"-{product}"
    return f"{number(factor)}*{product}"


def _joined(products: Sequence[str]) -> str:
    if not products:
        return "nothing"
    hidden = len(products) - _TERMS
    more = [f"{hidden} more"] if hidden > 0 else []
    return " + ".join([*products[:_TERMS], *more]).replace("+ -", "- ")
