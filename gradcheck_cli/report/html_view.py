"""What the template needs of a page's blocks: rows that are shown, pictures as addresses, little grids. No HTML."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from markupsafe import Markup, escape

from gradcheck_cli.model import Array
from gradcheck_cli.model.text import code_parted, visible, visible_lines
from gradcheck_cli.report.drawn import largest
from gradcheck_cli.report.numerals import subscript
from gradcheck_cli.report.page.blocks import Block, Column, Example, ExampleArray, Folded, Remarks, Table, Text
from gradcheck_cli.report.palette import AROUND_ZERO, RISING
from gradcheck_cli.report.pictures import Scale, Strip, Tile
from gradcheck_cli.report.pixels import LONGEST, data_uri
from gradcheck_cli.report.words import exact_number, first

MOST_ROWS = 60
"""Rows of a table that is cut for who reads little; all of the others are shown."""
WHOLE_NAME = 32
"""Characters of a target's name that no column breaks: beside it a sentence still has the room of one."""
# An example of more planes, or of more numbers in one, is read by a program: the json and repro reports hold it.
MOST_GRIDS = 12
MOST_CELLS = 256
_PARTS_OF_A_NAME = re.compile(r"[^/:]+[/:]*|[/:]+")
_PALETTES = {"rising": RISING, "around-zero": AROUND_ZERO}
# A photograph may be finer than a plane: nothing in it is judged.
_PHOTOGRAPH = 128


@dataclass(frozen=True)
class ShownTile:
    """One panel; `source` holds its picture, `alt` is for who cannot see it."""

    label: str
    caption: str
    alt: str
    source: str


@dataclass(frozen=True)
class ShownStrip:
    """Panels side by side, those of a filter or a picture together; `colours` is the style's name of their palette."""

    title: str
    groups: tuple[tuple[ShownTile, ...], ...]
    sentence: str
    scale: Scale | None
    colours: str
    left_out: int


@dataclass(frozen=True)
class GridCell:
    """One number of a grid. `tone` is -4 to 4, `mark` "", "term", "wrong" or "entry"."""

    text: str
    exact: str
    tone: int
    mark: str


@dataclass(frozen=True)
class Grid:
    """One plane of an array as a table."""

    title: str
    rows: tuple[tuple[GridCell, ...], ...]


@dataclass(frozen=True)
class GridGroup:
    """An array of the example: its planes, or none and the reason."""

    title: str
    shape: str
    grids: tuple[Grid, ...]
    remark: str = ""


def is_list_of_names(text: Text) -> bool:
    """Whether the pieces are targets, which stand apart."""
    return len(text) > 1 and all(piece.target for piece in text)


def rows_shown(table: Table) -> Sequence[tuple[Text, ...]]:
    """The rows of a table that the page holds."""
    return table.rows if table.most is None else first(table.rows, MOST_ROWS)


def class_of(column: Column, cell: Text) -> str:
    """How a cell behaves where there is no room: sentences and names break, numbers and words do not."""
    if column.prose:
        return "prose"
    if column.right:
        return "num"
    if sum(piece.verdict is not None for piece in cell) > 1:
        return "several"
    lengths = [len(piece.text) for piece in cell if piece.target]
    return "" if not lengths else "name" if max(lengths) > WHOLE_NAME else "name whole"


def prose(text: str) -> Markup:
    """A sentence with its code in the typewriter face."""
    parts = code_parted(visible(text))
    return Markup("").join(Markup("<code>{}</code>").format(part) if is_code else part for part, is_code in parts)


def glued(text: Text) -> Text:
    """A text that is never broken between a name and its verdict."""
    following = (*text[1:], None)
    return tuple(
        replace(piece, text=f"{piece.text[:-1]}\xa0") if after and after.verdict and piece.text.endswith(" ") else piece
        for piece, after in zip(text, following, strict=True)
    )


def breakable(name: str) -> Markup:
    """A target's name that a narrow column breaks after a folder and before the function; a phone after a word too."""
    parts = _PARTS_OF_A_NAME.findall(visible_lines(visible(name)))
    return Markup("<wbr>").join(map(_in_words, parts))


def _in_words(part: str) -> Markup:
    return Markup('_<wbr class="word">').join(map(escape, part.split("_")))


def below(folded: Folded) -> Sequence[Block]:
    """What a page shows of the full part below the brief one: what that explained is not explained again."""
    told = {block.last for block in folded.brief if isinstance(block, Remarks)}
    return [
        replace(block, last="") if isinstance(block, Remarks) and block.last in told else block for block in folded.full
    ]


def is_stacked(table: Table) -> bool:
    """Whether a narrow screen is shown each row as a block: sentences want the width, and a long list its rows."""
    return table.columns[-1].prose and len(table.rows) <= MOST_ROWS


def gradients() -> dict[str, str]:
    """The style's name of a palette -> its colours, as CSS writes a gradient."""
    return {name: ", ".join(f"rgb{each}" for each in found.colours) for name, found in _PALETTES.items()}


def shown_strips(strips: Sequence[Strip]) -> list[ShownStrip]:
    """The strips of a run."""
    return [
        ShownStrip(
            strip.title,
            tuple(tuple(map(_shown, tiles)) for _, tiles in groupby(strip.tiles, key=lambda tile: tile.group)),
            strip.sentence,
            strip.scale,
            next((name for name, found in _PALETTES.items() if strip.scale and found is strip.scale.palette), ""),
            strip.left_out,
        )
        for strip in strips
    ]


def _shown(tile: Tile) -> ShownTile:
    source = data_uri(tile.pixels(_PHOTOGRAPH if tile.values.ndim == 3 else LONGEST))
    return ShownTile(tile.label, tile.caption, tile.alt, source)


def grid_groups(example: Example) -> list[GridGroup]:
    """The arrays of an example as grids, the entries that take part marked."""
    return [_group(shown) for shown in example.arrays]


def marks_told(example: Example) -> list[tuple[str, str]]:
    """Each kind of mark that the example has, with what it means."""
    used = {mark for shown in example.arrays for mark in shown.marks.values()}
    words = {
        "term": "a factor that counts rightly",
        "wrong": "a factor that counts wrongly",
        "entry": "the entry that is told here" if example.should_hold else "where they differ most",
        "differs": "another entry that differs",
    }
    return [(mark, told) for mark, told in words.items() if mark in used]


def _group(shown: ExampleArray) -> GridGroup:
    array = shown.array
    if array is None:
        return GridGroup(shown.name, "", (), "Nothing was returned.")
    shape = "x".join(map(str, array.shape))
    if array.size == 0:
        return GridGroup(shown.name, shape, (), "Empty.")
    planes = array.reshape((1,) * (2 - array.ndim) + array.shape)
    leading = planes.shape[:-2]
    if math.prod(leading) > MOST_GRIDS or math.prod(planes.shape[-2:]) > MOST_CELLS:
        return GridGroup(shown.name, shape, (), "Too large to be shown here; the json and repro reports hold it.")
    return GridGroup(shown.name, shape, tuple(_grid(shown, planes, place) for place in np.ndindex(*leading)))


def _grid(shown: ExampleArray, planes: Array, place: tuple[int, ...]) -> Grid:
    assert shown.array is not None
    scale, rank = largest([planes]), shown.array.ndim
    rows = [
        tuple(
            _cell(shown, (*place, row, column)[planes.ndim - rank :], float(value), scale)
            for column, value in enumerate(line)
        )
        for row, line in enumerate(planes[place])
    ]
    return Grid(f"{shown.name}{subscript(place)}" if place else "", tuple(rows))


def _cell(shown: ExampleArray, index: tuple[int, ...], value: float, scale: float) -> GridCell:
    share = value / scale if scale and math.isfinite(value) else 0.0
    tone = math.ceil(4 * abs(share) - 1e-9)
    return GridCell(shown.text(index), exact_number(value), tone if share > 0 else -tone, shown.marks.get(index, ""))
