"""A counterexample on the screen: its small arrays as grids side by side, and the sum of one wrong entry in letters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.text import Text

from gradcheck_cli.model import Array
from gradcheck_cli.model.text import counted
from gradcheck_cli.report.numerals import subscript
from gradcheck_cli.report.page.blocks import Example, ExampleArray
from gradcheck_cli.report.terminal_text import Screen, beside, heading, styled
from gradcheck_cli.report.terminal_tones import BAD, SOFT
from gradcheck_cli.report.words import first, size

# Four planes of 4x4 small numbers stand side by side on 100 columns: x, G, expected and actual of a small example.
LARGEST = 4
_PLANES = 4
# "  should hold", the longest label, and two blanks.
_LABEL = 15


def draw_example(screen: Screen, example: Example) -> list[Text]:
    """The geometry, G and the other factor, expected beside actual, and what one wrong entry should hold and holds."""
    lines = heading(screen, example.title, example.about)
    lines += beside(_kept_together([_array(array) for array in example.arrays]), screen.width)
    if not example.should_hold:
        return [*lines, styled("* differs from expected", SOFT)] if _is_starred(lines) else lines
    lines += screen.wrap(styled(f"* differs from expected; the terms of {example.entry}:", SOFT), screen.width)
    lines += screen.labelled("  should hold", example.should_hold, _LABEL)
    return lines + screen.labelled("  holds", example.holds, _LABEL)


def _kept_together(arrays: Sequence[list[list[Text]]]) -> list[list[list[Text]]]:
    """The planes of an array stay on one row where they can, and so do the last two: expected beside actual."""
    *given, expected, actual = arrays
    return [*given, expected + actual]


def _is_starred(lines: Sequence[Text]) -> bool:
    return any("*" in line.plain for line in lines[1:])


def _array(shown: ExampleArray) -> list[list[Text]]:
    """One block for each of the first planes; entries unlike the truth are marked with a star."""
    array, truth = shown.array, shown.truth
    if array is None:
        return [[styled(shown.name, "bold"), Text("nothing returned")]]
    if array.size == 0:
        return [[styled(shown.name, "bold"), Text("empty"), styled(f"shape {array.shape}", BAD)]]
    places = np.arange(array.size).reshape(-1, *(array.shape[-2:] if array.ndim > 2 else _as_plane(array)))
    leading = array.shape[:-2] if array.ndim > 2 else ()
    blocks = []
    for place in first(range(len(places)), _PLANES):
        title = shown.name + (subscript(_unravel(place, leading)) if leading else "")
        blocks.append([styled(title, "bold"), *_grid(shown, array.shape, places[place])])
    if len(places) > len(blocks):
        blocks[-1].append(styled(counted(len(places) - len(blocks), "more plane"), SOFT))
    if truth is not None and truth.shape != array.shape:
        blocks[-1].append(styled(f"shape {array.shape}, not {truth.shape}", BAD))
    return blocks


def _as_plane(array: Array) -> tuple[int, int]:
    return (array.shape[0], array.shape[1]) if array.ndim == 2 else (1, array.size)


def _unravel(place: int, shape: Sequence[int]) -> tuple[int, ...]:
    found: list[int] = []
    for length in reversed(shape):
        place, position = divmod(place, length)
        found.insert(0, position)
    return tuple(found)


def _grid(shown: ExampleArray, shape: Sequence[int], places: Array) -> list[Text]:
    """The corner of a plane. `places`: of its entries, counted through the whole array."""
    cells = [[_entry(shown, _unravel(int(at), shape)) for at in row] for row in places[:LARGEST, :LARGEST]]
    width = max((cell.cell_len for row in cells for cell in row), default=0)
    lines = []
    for row in cells:
        line = Text("")
        for cell in row:
            line += Text(" " * (width - cell.cell_len)) + cell + Text(" ")
        lines.append(line)
    cut = places.shape[0] > LARGEST or places.shape[1] > LARGEST
    return lines + ([styled(f"the corner of {size(places.shape)}", SOFT)] if cut else [])


def _entry(shown: ExampleArray, index: tuple[int, ...]) -> Text:
    text = shown.text(index)
    return styled(f"*{text}", BAD) if shown.is_wrong(index) else Text(text)
