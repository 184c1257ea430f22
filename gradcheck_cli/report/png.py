"""The strips of pictures that settle the forum's question as one PNG. Loads matplotlib, and only when asked to draw.

Everything is drawn in one axes whose unit is the inch, from the top: quick, and nothing can overlap.
"""

from __future__ import annotations

import io
import itertools
import os
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck_cli.model import Report, RunReport
from gradcheck_cli.model.errors import DependencyError, ReportError
from gradcheck_cli.model.text import visible
from gradcheck_cli.report.page import page_of
from gradcheck_cli.report.palette import TOLD
from gradcheck_cli.report.pictures import Scale, Strip, Tile, strips
from gradcheck_cli.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Sharp on a screen of two pixels a point, and the report of a run stays below a megabyte.
_DPI = 130
_GRAY, _FRAME = "#5f6368", "#b0b3b8"
_COLOURS = {"pass": "#1b7f3b", "fail": "#b3202c", "error": "#b3202c"}

# Inches. A tile has its two lines above it; a strip its title above and its sentence below.
_WIDTH, _MARGIN = 14.2, 0.35
_SMALLEST, _LARGEST, _THINNEST = 1.3, 2.0, 0.12
_ABOVE_TILE, _GAP, _BETWEEN_GROUPS, _BELOW_LINE = 0.34, 0.1, 0.28, 0.12
_TITLE, _LINE, _BETWEEN_STRIPS, _ORIGIN = 0.3, 0.21, 0.3, 1.35
_SCALE = 8.2
"""Where the colours of a scale begin: right of the longest title and of its name."""
_LETTERS = 18
"""Of the words above a tile, for an inch of it."""
_CHARACTERS = 195
"""Of a sentence in one line: what fits the width at its size."""


@dataclass(frozen=True)
class _Box:
    """Where a tile lies: inches from the left and from the top of the picture; `room` is the width for its words."""

    left: float
    top: float
    width: float
    height: float
    room: float


def render_png(report: Report) -> bytes:
    """The picture of a run, as PNG bytes that only hang on it.

    Raises:
        ReportError: the report has no gradients to draw.
        DependencyError: matplotlib cannot be loaded.
    """
    if not isinstance(report, RunReport):
        raise ReportError(
            f"a png report needs the gradients of a run; this report of `{report.command}` has none.",
            hint="html, md and json work for every report",
        )
    with _matplotlib() as matplotlib, matplotlib.rc_context(_house_style(matplotlib)):
        return _encode(_draw(report))


@contextmanager
def _matplotlib() -> Iterator[Any]:
    """matplotlib, loaded although MPLBACKEND may hold nonsense, and without its warnings about missing glyphs."""
    before = os.environ.get("MPLBACKEND")
    os.environ["MPLBACKEND"] = "agg"
    try:
        import matplotlib
    except ImportError as error:
        raise DependencyError(
            f"matplotlib cannot be loaded: {error}.", hint='pip install "matplotlib>=3.9" mends it'
        ) from error
    finally:
        os.environ.pop("MPLBACKEND")
        if before is not None:
            os.environ["MPLBACKEND"] = before
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield matplotlib


def _house_style(matplotlib: Any) -> dict[str, Any]:
    """matplotlib's own defaults whatever the user's matplotlibrc says, and no mathematics in file names."""
    kept = ("font.", "text.", "axes.", "xtick.", "ytick.", "image.", "savefig.", "figure.", "path.", "lines.", "patch.")
    style = {key: value for key, value in matplotlib.rcParamsDefault.items() if key.startswith(kept)}
    return {**style, "text.parse_math": False, "font.family": "DejaVu Sans"}


def _encode(figure: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=_DPI, metadata={"Software": None})
    return target.getvalue()


def _draw(report: RunReport) -> Figure:
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(_WIDTH, 1), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    top = _draw_header(axes, report)
    for strip in strips(report):
        top = _draw_strip(axes, strip, top) + _BETWEEN_STRIPS
    bottom = _draw_footer(axes, top)
    figure.set_size_inches(_WIDTH, bottom)
    axes.set_xlim(0, _WIDTH)
    axes.set_ylim(bottom, 0)
    axes.set_aspect("auto")
    return figure


def _draw_header(axes: Axes, report: RunReport) -> float:
    """The verdict, the answer and what was run; gives where the next thing begins."""
    verdict = report.verdict.value
    axes.text(_MARGIN, 0.55, verdict.upper(), weight="bold", size=15, color=_COLOURS.get(verdict, "#8a6100"))
    top = 0.65
    for words, lines, colour in ((report.answer, 4, "black"), (page_of(report).ran, 3, _GRAY)):
        for line in textwrap.wrap(visible(words), _CHARACTERS)[:lines]:
            top += _LINE
            axes.text(_MARGIN, top, line, size=9.5, color=colour)
    return top + _BETWEEN_STRIPS


def _draw_strip(axes: Axes, strip: Strip, top: float) -> float:
    """A title, the tiles in as many lines as they need, the sentence; gives where the strip ends."""
    title = strip.title + (f"; {strip.left_out:,} more are not drawn" if strip.left_out else "")
    axes.text(_MARGIN, top + 0.16, title, size=10.5, weight="bold")
    if strip.scale is not None:
        _draw_scale(axes, strip.scale, top + 0.05)
    bottom = top + _TITLE
    for tile, box in zip(strip.tiles, _boxes(strip, bottom), strict=True):
        _draw_tile(axes, tile, box)
        bottom = max(bottom, box.top + box.height)
    for line in textwrap.wrap(visible(strip.sentence), _CHARACTERS):
        bottom += _LINE
        axes.text(_MARGIN, bottom, line, size=9.5)
    return bottom


def _boxes(strip: Strip, top: float) -> list[_Box]:
    """Where the tiles of a strip go, line by line."""
    if strip.id == "origin":
        return _in_line(strip.tiles, top, [_ORIGIN * _shape(tile)[1] / _shape(tile)[0] for tile in strip.tiles])
    columns = _columns(strip.tiles)
    lines = [strip.tiles[start : start + columns] for start in range(0, len(strip.tiles), columns)]
    gaps = _GAP * (columns - 1) + (_BETWEEN_GROUPS - _GAP) * max(map(_groups, lines))
    longest = min(_LARGEST, (_WIDTH - 2 * _MARGIN - gaps) / columns)
    boxes: list[_Box] = []
    for line in lines:
        widths = [max(longest * min(1.0, _shape(tile)[1] / _shape(tile)[0]), _THINNEST) for tile in line]
        boxes += _in_line(line, top, widths, longest)
        top = max(box.top + box.height for box in boxes) + _BELOW_LINE
    return boxes


def _columns(tiles: Sequence[Tile]) -> int:
    """Tiles side by side: whole groups where they fit."""
    most = int((_WIDTH - 2 * _MARGIN) / (_SMALLEST + _GAP))
    group = sum(tile.group == tiles[0].group for tile in tiles)
    fitting = most // group * group if group <= most else most
    return max(1, min(len(tiles), fitting))


def _groups(tiles: Sequence[Tile]) -> int:
    """How often a new group begins among them."""
    return sum(before.group != after.group for before, after in itertools.pairwise(tiles))


def _in_line(tiles: Sequence[Tile], top: float, widths: Sequence[float], room: float = 0.0) -> list[_Box]:
    """Tiles beside one another; each has at least `room` for its words."""
    boxes, left = [], _MARGIN
    for place, (tile, width) in enumerate(zip(tiles, widths, strict=True)):
        if place and tile.group != tiles[place - 1].group:
            left += _BETWEEN_GROUPS - _GAP
        rows, columns = _shape(tile)
        height = max(width * rows / columns, _THINNEST)
        boxes.append(_Box(left, top + _ABOVE_TILE, width, height, max(width, room)))
        left += max(width, room) + _GAP
    return boxes


def _shape(tile: Tile) -> tuple[int, int]:
    return tile.values.shape[0], tile.values.shape[1]


def _draw_tile(axes: Axes, tile: Tile, box: _Box) -> None:
    from matplotlib.patches import Rectangle

    extent = (box.left, box.left + box.width, box.top + box.height, box.top)
    axes.imshow(tile.pixels(), extent=extent, aspect="auto", interpolation="nearest")
    frame = Rectangle((box.left, box.top), box.width, box.height, fill=False, linewidth=0.6, edgecolor=_FRAME)
    frame.set_antialiased(False)
    axes.add_patch(frame)
    axes.text(box.left, box.top - 0.19, _fitting(tile.label, box.room), size=7)
    axes.text(box.left, box.top - 0.05, _fitting(tile.caption, box.room), size=7, color=_GRAY)


def _fitting(text: str, room: float) -> str:
    """As much of it as there is room for: what is longer is the name of a file."""
    shown, most = visible(text), round(room * _LETTERS)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _draw_scale(axes: Axes, scale: Scale, top: float) -> None:
    """The colours of a strip with their ends, beside its title."""
    width, right = 1.8, _SCALE + 1.8
    ramp = scale.palette.paint(np.linspace(0.0, 1.0, 128)[None], 0.0, 1.0)
    axes.imshow(ramp, extent=(right - width, right, top + 0.12, top), aspect="auto", interpolation="nearest")
    axes.text(right - width - 0.06, top + 0.11, f"{scale.name}  {number(scale.low, 3)}", size=8, ha="right")
    axes.text(right + 0.06, top + 0.11, number(scale.high, 3), size=8)


def _draw_footer(axes: Axes, top: float) -> float:
    """What the colours are."""
    axes.text(_MARGIN, top, TOLD, size=8, color=_GRAY)
    return top + 0.2
