"""The picture that the forum's post drew, done right: for every filter and channel the hand-written gradient,
autograd's, and their difference, each kind on one zero-centred scale; where another gradient is wrong, that one.
Loads matplotlib, and only when asked to draw.
"""

from __future__ import annotations

import io
import math
import os
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck_cli.model import Array, Report, RunReport
from gradcheck_cli.model.errors import DependencyError, ReportError
from gradcheck_cli.model.text import visible
from gradcheck_cli.report.drawn import Drawn, Place, drawn, largest
from gradcheck_cli.report.words import number, size, user_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PAIRS = 64
_DPI = 130
_GRAY, _FRAME, _NOT_FINITE = "#5f6368", "#b0b3b8", "#f2c14e"
_COLOURS = {"pass": "#1b7f3b", "fail": "#b3202c", "error": "#b3202c"}

# Inches. A panel has its two-line title above it.
_SMALLEST, _LARGEST, _BLOCK_WIDTH = 1.5, 3.0, 4.8
_TITLE, _GAP, _BETWEEN, _MARGIN = 0.40, 0.14, 0.5, 0.35
_HEADER, _LINE, _FOOTER = 0.85, 0.2, 0.85


@dataclass(frozen=True)
class Triptych:
    """One plane of each side and their difference. `ratio` is in units of what is allowed."""

    place: Place
    label: str
    planes: tuple[Array, Array, Array]
    ratio: float


@dataclass(frozen=True)
class Sheet:
    """Where the panels go: `rows` x `columns` of them in each block; `panel` is the (height, width) of one in inches.

    `top` is the height of the header, which grows with the answer.
    """

    rows: int
    columns: int
    panel: tuple[float, float]
    top: float

    @property
    def cell(self) -> tuple[float, float]:
        """(height, width) of a panel with its title and its gap."""
        return (self.panel[0] + _TITLE + _GAP, self.panel[1] + _GAP)

    @property
    def block(self) -> tuple[float, float]:
        """(height, width) of a block."""
        return (self.rows * self.cell[0], self.columns * self.cell[1])

    @property
    def size(self) -> tuple[float, float]:
        """(width, height) of the picture, as matplotlib wants it."""
        width = 2 * _MARGIN + 3 * self.block[1] + 2 * _BETWEEN
        return (width, self.top + self.block[0] + _FOOTER)

    def box(self, block: int) -> tuple[float, float, float, float]:
        """(left, bottom, width, height) of a block as shares of the picture."""
        left = _MARGIN + block * (self.block[1] + _BETWEEN)
        width, height = self.size
        return (left / width, _FOOTER / height, self.block[1] / width, self.block[0] / height)


def render_png(report: Report) -> bytes:
    """The picture of a run, at most 64 planes (the worst), as PNG bytes that only hang on it.

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
        return _encode(_draw(report, drawn(report)))


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


def _draw(report: RunReport, planes: Drawn) -> Figure:
    from matplotlib.figure import Figure as NewFigure

    panels = _panels(planes)
    shown, hidden = panels[:MOST_PAIRS], len(panels) - MOST_PAIRS
    rows, columns = _arrangement(planes.hand.shape[:2], len(shown))
    if hidden <= 0:
        shown = sorted(shown, key=lambda panel: panel.place)
    sheet, header = _sheet(report, shown[0].planes[0].shape, (rows, columns))
    figure = NewFigure(figsize=sheet.size, facecolor="white")
    _write_header(figure, sheet, header, report)
    _write_blocks(figure, sheet, f"grad_{planes.gradient}", "yours" if user_file(report) else "hand-written")
    scales = [largest([panel.planes[kind] for panel in shown for kind in kinds]) for kinds in ((0, 1), (2,))]
    for block, scale in enumerate((scales[0], scales[0], scales[1])):
        _draw_block(figure, sheet, block, scale, shown)
    _draw_bars(figure, sheet, scales, shown, planes.symbol)
    if hidden > 0:
        _note(figure, sheet, f"the worst {MOST_PAIRS} of {len(panels)} planes; {hidden} more")
    return figure


def _panels(shown: Drawn) -> list[Triptych]:
    """All planes, the worst first."""
    return [
        Triptych(place, shown.label(place), _planes(shown, place), shown.ratio(place)) for place in shown.worst_first()
    ]


def _planes(shown: Drawn, place: Place) -> tuple[Array, Array, Array]:
    return shown.hand[place], shown.autograd[place], shown.difference[place]


def _arrangement(shape: Sequence[int], amount: int) -> tuple[int, int]:
    """(rows, columns): filters x channels where that is a picture, else as square as it gets."""
    filters, channels = shape
    if filters * channels == amount and filters <= 16 and channels <= 6:
        return filters, channels
    columns = min(5, math.ceil(math.sqrt(amount)))
    return math.ceil(amount / columns), columns


def _sheet(report: RunReport, plane: tuple[int, ...], grid: tuple[int, int]) -> tuple[Sheet, list[str]]:
    rows, columns = grid
    longest = min(_LARGEST, max(_SMALLEST, _BLOCK_WIDTH / columns))
    height, width = (longest * side / max(plane) for side in plane)
    panel = (max(height, 0.12), max(width, _SMALLEST))
    draft = Sheet(rows, columns, panel, _HEADER)
    header = _header(report, round((draft.size[0] - 2 * _MARGIN) * 14))
    return Sheet(rows, columns, panel, _HEADER + _LINE * (len(header) + 1)), header


def _header(report: RunReport, characters: int) -> list[str]:
    ran = report.experiment
    images = ", ".join(ran.images[:2]) + (f" and {len(ran.images) - 2} more" if len(ran.images) > 2 else "")
    told = (
        f"conv {ran.in_channels} -> {ran.out_channels}, kernel {size(ran.kernel_size)}, {images} at {size(ran.size)}, "
        f"loss {ran.loss.name} {ran.loss.reduction}, seed {ran.seed}, {ran.dtype}, backward {ran.backward}"
    )
    answer = textwrap.wrap(visible(report.answer), characters)[:4]
    return [*answer, *textwrap.wrap(visible(told), characters)[:2]]


def _write_header(figure: Figure, sheet: Sheet, header: Sequence[str], report: RunReport) -> None:
    width, height = sheet.size
    verdict = report.verdict.value
    left, top = _MARGIN / width, 1 - 0.3 / height
    figure.text(left, top, verdict.upper(), weight="bold", size=15, color=_COLOURS.get(verdict, "#8a6100"), va="top")
    for line, words in enumerate(header):
        figure.text(left, 1 - (0.3 + 0.34 + line * _LINE) / height, words, size=9.5, va="top")


def _write_blocks(figure: Figure, sheet: Sheet, gradient: str, hand: str) -> None:
    height = sheet.size[1]
    for block, name in enumerate((f"{gradient}, {hand}", f"{gradient}, autograd", f"{hand} - autograd")):
        box = sheet.box(block)
        figure.text(box[0], box[1] + box[3] + 0.1 / height, name, size=11, weight="bold", va="bottom")


def _draw_block(figure: Figure, sheet: Sheet, block: int, scale: float, panels: Sequence[Triptych]) -> None:
    """One kind for all pairs, in one axes whose unit is the inch: quick, and nothing can overlap."""
    axes = figure.add_axes(sheet.box(block))
    for place, panel in enumerate(panels):
        row, column = divmod(place, sheet.columns)
        top = row * sheet.cell[0] + _TITLE
        left = column * sheet.cell[1]
        _draw_plane(axes, panel.planes[block], scale, (left, top, sheet.panel))
        for line, words in enumerate(_titles(panel, block)):
            colour = "black" if line == 0 else _GRAY
            axes.text(left, top - 0.22 + 0.17 * line, words, size=7, color=colour, va="bottom")
    axes.set_xlim(0, sheet.block[1])
    axes.set_ylim(sheet.block[0], 0)
    axes.set_aspect("auto")
    axes.axis("off")


def _draw_plane(axes: Axes, plane: Array, scale: float, where: tuple[float, float, tuple[float, float]]) -> None:
    from matplotlib.patches import Rectangle

    left, top, (height, width) = where
    width = min(width, height * plane.shape[1] / plane.shape[0]) if plane.shape[1] < plane.shape[0] else width
    extent = (left, left + width, top + height, top)
    axes.imshow(plane, extent=extent, aspect="auto", interpolation="nearest", cmap=_colours(), norm=_norm(scale))
    axes.add_patch(
        Rectangle((left, top), width, height, fill=False, linewidth=0.6, edgecolor=_FRAME, antialiased=False)
    )


def _colours() -> Any:
    import matplotlib

    return matplotlib.colormaps["RdBu_r"].with_extremes(bad=_NOT_FINITE)


def _norm(scale: float) -> Any:
    from matplotlib.colors import CenteredNorm

    return CenteredNorm(0.0, halfrange=scale or 1.0)


def _titles(panel: Triptych, block: int) -> tuple[str, str]:
    plane = panel.planes[block]
    broken = int(np.count_nonzero(~np.isfinite(plane)))
    if broken:
        told = f"{broken:,} of {plane.size:,} not finite"
    elif block < 2:
        told = f"max |g| {number(largest([plane]), 3)}"
    elif not plane.any():
        told = "0: equal in every entry"
    else:
        told = f"{number(largest([plane]), 2)}, {_ratio(panel.ratio)} of allowed"
    return panel.label, told


def _ratio(value: float) -> str:
    return number(value, 2 if value < 1 else 3)


def _draw_bars(figure: Figure, sheet: Sheet, scales: Sequence[float], panels: Sequence[Triptych], symbol: str) -> None:
    worst = max(panel.ratio for panel in panels)  # infinite where an entry is not finite
    first, second, third = (sheet.box(block) for block in range(3))
    share = f"its largest entry is {_ratio(worst)} times what is allowed" if worst else "0 in every entry"
    bars = (
        (first[0], second[0] + second[2] - first[0], scales[0], f"{symbol}, one scale for all panels of both kinds"),
        (third[0], third[2], scales[1], f"difference; {share}"),
    )
    height = sheet.size[1]
    for left, width, scale, label in bars:
        box = (left, 0.48 / height, width - _GAP / sheet.size[0], 0.12 / height)
        _draw_bar(figure, box, scale, label)


def _draw_bar(figure: Figure, box: tuple[float, float, float, float], scale: float, label: str) -> None:
    from matplotlib.cm import ScalarMappable

    axes = figure.add_axes(box)
    bar = figure.colorbar(ScalarMappable(_norm(scale), _colours()), cax=axes, orientation="horizontal")
    ends = (-scale, -scale / 2, 0, scale / 2, scale) if scale else (0,)
    bar.set_ticks(list(ends), labels=[number(end, 3) for end in ends])
    bar.outline.set_visible(False)
    axes.tick_params(labelsize=7.5, length=2)
    axes.set_xlabel(label, size=8.5)


def _note(figure: Figure, sheet: Sheet, words: str) -> None:
    width, height = sheet.size
    figure.text(1 - _MARGIN / width, 1 - 0.3 / height, words, size=9, color=_GRAY, ha="right", va="top")
