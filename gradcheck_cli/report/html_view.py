"""What the page shows, prepared for the template: chosen rows, heatmaps, little grids. No HTML, no results computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array, ChannelDifference, ChannelPair, Counterexample, RunReport, Term
from gradcheck_cli.report.drawn import largest
from gradcheck_cli.report.palette import AROUND_ZERO, RISING
from gradcheck_cli.report.pictures import Scale, Tile, strips
from gradcheck_cli.report.pixels import LONGEST, data_uri
from gradcheck_cli.report.words import exact_number, number

MAX_CHANNELS = 60
MAX_PAIRS = 40
MAX_TERMS = 60
MAX_GRIDS = 12
MAX_CELLS = 256
AXES = {"x": ("n", "c"), "weight": ("o", "i"), "grad_output": ("n", "o"), "input": ("n", "c")}
SYMBOLS = {"x": "X", "weight": "F", "grad_output": "G"}


@dataclass(frozen=True)
class ShownTile:
    """One panel; `source` holds its picture, `alt` is for who cannot see it."""

    label: str
    caption: str
    alt: str
    source: str


@dataclass(frozen=True)
class ShownStrip:
    """Panels side by side; `colours` is the style's name of their palette."""

    title: str
    tiles: tuple[ShownTile, ...]
    sentence: str
    scale: Scale | None
    colours: str
    left_out: int


@dataclass(frozen=True)
class Cell:
    """One number of a grid. `tone` is -4 to 4, `mark` "", "term", "wrong" or "entry"."""

    text: str
    exact: str
    tone: int
    mark: str


@dataclass(frozen=True)
class Grid:
    """One plane of an array as a table."""

    title: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class GridGroup:
    """An array of the counterexample: its planes, or none where it is too large."""

    title: str
    shape: str
    grids: tuple[Grid, ...]


@dataclass(frozen=True)
class TermRow:
    """One product: both factors with their places, and how often it counts."""

    grad_output: str
    other: str
    term: Term


def worst_channels(channels: Sequence[ChannelDifference], limit: int = MAX_CHANNELS) -> list[ChannelDifference]:
    """The rows with the largest ratio, NaN before all, then by filter and channel."""
    order = sorted(channels, key=lambda row: (-_rank(row.ratio), row.filter, row.channel))
    return order[:limit]


def extreme_pairs(pairs: Sequence[ChannelPair]) -> list[ChannelPair]:
    """The pairs to list: all, or the most and the least different ones."""
    if len(pairs) <= MAX_PAIRS:
        return list(pairs)
    order = sorted(pairs, key=lambda pair: _rank(pair.relative_difference))
    return order[: MAX_PAIRS // 2] + order[-MAX_PAIRS // 2 :]


def _rank(value: float) -> float:
    return math.inf if math.isnan(value) else value


_PALETTES = {"rising": RISING, "around-zero": AROUND_ZERO}
# A photograph may be finer than a plane: nothing in it is judged.
_PHOTOGRAPH = 128


def gradients() -> dict[str, str]:
    """The style's name of a palette -> its colours, as CSS writes a gradient."""
    return {name: ", ".join(f"rgb{each}" for each in found.colours) for name, found in _PALETTES.items()}


def pictures(report: RunReport) -> list[ShownStrip]:
    """The strips of a run."""
    return [
        ShownStrip(
            strip.title,
            tuple(ShownTile(tile.label, tile.caption, tile.alt, _source(tile)) for tile in strip.tiles),
            strip.sentence,
            strip.scale,
            next((name for name, found in _PALETTES.items() if strip.scale and found is strip.scale.palette), ""),
            strip.left_out,
        )
        for strip in strips(report)
    ]


def _source(tile: Tile) -> str:
    return data_uri(tile.pixels(_PHOTOGRAPH if tile.values.ndim == 3 else LONGEST))


def grid_groups(example: Counterexample) -> list[GridGroup]:
    """The arrays of a counterexample as grids, the entries of its terms marked."""
    marks = _marks(example)
    arrays = {"x": example.x, "weight": example.weight, "grad_output": example.grad_output}
    if example.gradient == "bias" or (example.gradient == "weight" and example.other != "weight"):
        del arrays["weight"]
    groups = [_group(f"{SYMBOLS[name]} ({name})", name, array, marks.get(name, {})) for name, array in arrays.items()]
    entry = {} if example.entry is None else {example.entry: "entry"}
    groups.append(_group(f"grad_{example.gradient}, expected", example.gradient, example.expected, entry))
    if example.actual is not None:
        groups.append(_group(f"grad_{example.gradient}, yours", example.gradient, example.actual, entry))
    return groups


def _marks(example: Counterexample) -> dict[str, dict[tuple[int, ...], str]]:
    """Array -> index -> "term" or "wrong"; an entry that is in a wrong and in a right term is wrong."""
    marks: dict[str, dict[tuple[int, ...], str]] = {"grad_output": {}, example.other: {}}
    for term in example.terms:
        mark = "term" if term.expected == term.actual else "wrong"
        for name, place in (("grad_output", term.grad_output_index), (example.other, term.other_index)):
            if marks[name].get(place) != "wrong":
                marks[name][place] = mark
    return marks


def _group(title: str, name: str, array: Array, marks: dict[tuple[int, ...], str]) -> GridGroup:
    shape = "x".join(map(str, array.shape))
    planes = array.reshape((1,) * (4 - array.ndim) + array.shape) if array.ndim <= 4 else array[:0]
    amount = math.prod(planes.shape[:2])
    if array.size == 0 or planes.ndim != 4 or amount > MAX_GRIDS or math.prod(planes.shape[2:]) > MAX_CELLS:
        return GridGroup(title, shape, ())
    scale = largest([array])
    grids = [_grid(name, array.ndim, planes, place, (scale, marks)) for place in np.ndindex(*planes.shape[:2])]
    return GridGroup(title, shape, tuple(grids))


def _grid(
    name: str, rank: int, planes: Array, place: tuple[int, ...], look: tuple[float, dict[tuple[int, ...], str]]
) -> Grid:
    scale, marks = look
    axes = AXES.get(name, ("", ""))
    title = ", ".join(f"{axis}={position}" for axis, position in zip(axes, place, strict=True)) if rank == 4 else ""
    rows = [
        tuple(
            _cell(float(value), scale, marks.get((*place, row, column)[4 - rank :], ""))
            for column, value in enumerate(line)
        )
        for row, line in enumerate(planes[place])
    ]
    return Grid(title, tuple(rows))


def _cell(value: float, scale: float, mark: str) -> Cell:
    share = value / scale if scale and math.isfinite(value) else 0.0
    tone = math.ceil(4 * abs(share) - 1e-9)
    return Cell(number(value, 4), exact_number(value), tone if share > 0 else -tone, mark)


def term_rows(example: Counterexample) -> list[TermRow]:
    """The first products of the wrong entry, with the values of their factors."""
    others: dict[str, Array] = {"x": example.x, "weight": example.weight}
    return [
        TermRow(
            _factor("grad_output", example.grad_output, term.grad_output_index),
            _factor(example.other, others[example.other], term.other_index) if example.other else "",
            term,
        )
        for term in example.terms[:MAX_TERMS]
    ]


def _factor(name: str, array: Array, place: tuple[int, ...]) -> str:
    """ "X[0, 0, 1, 1] = 3" """
    symbol = f"{SYMBOLS[name]}[{', '.join(map(str, place))}]"
    inside = len(place) == array.ndim and all(at < length for at, length in zip(place, array.shape, strict=True))
    return f"{symbol} = {number(float(array[place]))}" if inside else f"{symbol} (outside)"
