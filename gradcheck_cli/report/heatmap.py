"""Small pictures of kernel gradients for the terminal: pooled, on one zero-centred scale for all panels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.color import Color
from rich.style import Style
from rich.text import Text

from gradcheck_cli.model import Array, Size
from gradcheck_cli.report.drawn import largest
from gradcheck_cli.report.numerals import number, subscript
from gradcheck_cli.report.terminal_text import Screen, beside, heading, styled
from gradcheck_cli.report.terminal_tones import SOFT
from gradcheck_cli.report.words import size

# Of a panel in lines of the screen: two panels and their titles leave half of a screen of 40 lines for the answer.
# A digit takes a line where a half block takes half of one, and loses less by being pooled.
MAX_ROWS = 8
_DIGIT_ROWS = 6
_BLUE, _WHITE, _RED = (33, 82, 163), (244, 243, 240), (178, 34, 46)
_BLUES, _ZERO, _REDS = (189, 153, 111, 69, 26), 255, (224, 217, 210, 203, 160)
_NOT_FINITE = Style(color="black", bgcolor="bright_yellow", bold=True)
# Between panels: digits stand apart from each other already, so their panels need more to be told apart.
_GAP = 2
_DIGIT_GAP = 3
FLAT = 2 / 9
"""Of the scale: planes that vary by less are blocks of one digit, or of two."""


@dataclass(frozen=True)
class Panels:
    """Pooled planes that share one scale. `pooled` (panels, rows, columns); `scale` is the largest finite |mean|.

    `means`: (smallest, largest) mean of a plane, where each was taken away from its plane.
    """

    labels: tuple[str, ...]
    pooled: Array
    scale: float
    entries: Size
    means: tuple[float, float] | None = None


def pool_planes(gradient: Array, longest: int) -> Panels:
    """Means over a grid of cells, at most `longest` of them along either axis, for each plane of `gradient`.

    Args:
        gradient: (c_out, c_in/groups, kh, kw), any float dtype; of three axes with the depth before kh.
        longest: cells along the longer side of a plane.
    """
    *leading, kh, kw = gradient.shape
    cell = max(1, math.ceil(max(kh, kw) / longest))
    planes = gradient.reshape(-1, kh, kw).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        pooled = _means(_means(planes, 1, cell), 2, cell)
    labels = tuple(map(subscript, np.ndindex(*leading)))
    return Panels(labels, pooled, largest([pooled]), (min(cell, kh), min(cell, kw)))


def _means(planes: Array, axis: int, cell: int) -> Array:
    starts = np.arange(0, planes.shape[axis], cell)
    sizes = np.diff(np.append(starts, planes.shape[axis]))
    shape = [1, 1, 1]
    shape[axis] = -1
    means: Array = np.add.reduceat(planes, starts, axis=axis) / sizes.reshape(shape)
    return means


def draw_heatmaps(screen: Screen, gradients: Mapping[str, Array]) -> list[Text]:
    """For each title a heading with the scale, which all share, then its planes side by side.

    One row of panels, under -v all of them. Half-block cells where the screen grades colours, else one digit per cell:
    9 is the end of the scale. Planes that would be blocks of one digit are shown without their means.
    """
    drawn = _on_one_scale([_fitting(screen, gradient) for gradient in gradients.values()])
    return [line for title, panels in zip(gradients, drawn, strict=True) for line in _drawn(screen, title, panels)]


def _on_one_scale(several: Sequence[Panels]) -> list[Panels]:
    scale = max(panels.scale for panels in several)
    if all(_is_flat(panels, scale) for panels in several):
        several = [_without_means(panels) for panels in several]
        scale = max(panels.scale for panels in several)
    return [replace(panels, scale=scale) for panels in several]


def _is_flat(panels: Panels, scale: float) -> bool:
    """Whether most planes would be blocks of one or two digits, though their cells are not all equal."""
    if not np.isfinite(panels.pooled).all():
        return False
    spreads = np.ptp(panels.pooled, axis=(1, 2))
    varied = spreads[spreads > 0]
    return bool(varied.size and 2 * np.sum(varied <= FLAT * scale) > varied.size)


def _without_means(panels: Panels) -> Panels:
    means = panels.pooled.mean(axis=(1, 2), keepdims=True)
    rest = panels.pooled - means
    return replace(panels, pooled=rest, scale=largest([rest]), means=(float(means.min()), float(means.max())))


def _drawn(screen: Screen, title: str, panels: Panels) -> list[Text]:
    blocks = [_panel(screen, panels, place) for place in range(len(panels.labels))]
    gap = _gap(screen, panels)
    room = max(1, (screen.width + gap) // (_panel_width(screen, panels) + gap))
    shown = screen.first(blocks, room)
    legend = _legend(screen, panels, len(blocks) - len(shown))
    return [*heading(screen, title, legend), *beside([[panel] for panel in shown], screen.width, gap)]


def _fitting(screen: Screen, gradient: Array) -> Panels:
    """The finer of two poolings if all its panels fit side by side, else the coarser one."""
    fine = pool_planes(gradient, 2 * MAX_ROWS if screen.blocks else _DIGIT_ROWS)
    if screen.verbosity > 0 or not screen.blocks or _fits(screen, fine, _GAP):
        return fine
    return pool_planes(gradient, MAX_ROWS)


def _gap(screen: Screen, panels: Panels) -> int:
    """1 where that lets all the blocks stand side by side; digits need more room to be read."""
    if not screen.blocks:
        return _DIGIT_GAP
    return 1 if _fits(screen, panels, 1) and not _fits(screen, panels, _GAP) else _GAP


def _fits(screen: Screen, panels: Panels, gap: int) -> bool:
    return len(panels.labels) * (_panel_width(screen, panels) + gap) - gap <= screen.width


def _panel_width(screen: Screen, panels: Panels) -> int:
    cells: int = panels.pooled.shape[2]
    drawn = cells if screen.blocks else 3 * cells - 1
    return max(drawn, *(len(label) for label in panels.labels))


def _panel(screen: Screen, panels: Panels, place: int) -> list[Text]:
    draw = _blocks if screen.blocks else _digits
    return [styled(panels.labels[place], SOFT), *draw(screen, panels.pooled[place], panels.scale)]


def _digits(_screen: Screen, plane: Array, scale: float) -> list[Text]:
    return [Text(" ".join(f"{_digit(value, scale):>2}" for value in row)) for row in plane.tolist()]


def _digit(value: float, scale: float) -> str:
    if not math.isfinite(value):
        return "!"
    level = round(9 * float(value) / scale) if scale else 0
    return str(level) if level else "."


def _blocks(screen: Screen, plane: Array, scale: float) -> list[Text]:
    lines = []
    for top in range(0, plane.shape[0], 2):
        below = plane[top + 1] if top + 1 < plane.shape[0] else [None] * plane.shape[1]
        line = Text("")
        for upper, lower in zip(plane[top], below, strict=True):
            line.append(*_block(screen, _share(upper, scale), _share(lower, scale)))
        lines.append(line)
    return lines


def _share(value: float | None, scale: float) -> float | None:
    return value if value is None or not scale else value / scale


def _block(screen: Screen, upper: float | None, lower: float | None) -> tuple[str, Style]:
    """Two cells in one character; `lower` is None where the plane has ended."""
    if upper is None or not math.isfinite(upper) or not math.isfinite(lower or 0.0):
        return "!", _NOT_FINITE
    below = None if lower is None else _colour(screen, lower)
    return "▀", Style(color=_colour(screen, upper), bgcolor=below)


def _colour(screen: Screen, share: float) -> Color:
    """Blue below zero, white at zero, red above; `share` -1..1 of the scale."""
    if screen.console.color_system == "256":
        return Color.from_ansi(_of_256(share))
    end = _RED if share > 0 else _BLUE
    red, green, blue = (round(white + abs(share) * (full - white)) for white, full in zip(_WHITE, end, strict=True))
    return Color.from_rgb(red, green, blue)


def _of_256(share: float) -> int:
    """The terminal's own palette, by hand: the nearest colours of a gradient wander through yellow and cyan."""
    level = round(abs(share) * len(_REDS))
    return _ZERO if level == 0 else (_REDS if share > 0 else _BLUES)[level - 1]


def _legend(screen: Screen, panels: Panels, hidden: int) -> Text:
    parts = [f"means of {size(panels.entries)} entries"] if panels.entries != (1, 1) else []
    parts += [] if panels.means is None else [_less(*panels.means)]
    parts += [] if np.isfinite(panels.pooled).all() else ["! is not finite"]
    more = "".join(f", {part}" for part in parts) + (f"; {hidden} more with -v" if hidden else "")
    low, high = number(-panels.scale), number(panels.scale)
    if not panels.scale:
        return Text(f"no finite cell differs from 0{more}")
    if not screen.blocks:
        return Text(f"9 = {high}, . = 0, -9 = {low}{more}")
    return Text(f"{low} ") + _ramp(screen, 16) + Text(f" {high}, 0 is white{more}")


def _less(low: float, high: float) -> str:
    return f"less the mean of each plane ({number(low)}" + (")" if low == high else f" to {number(high)})")


def _ramp(screen: Screen, cells: int) -> Text:
    ramp = Text("")
    shares: Sequence[float] = [2 * place / (cells - 1) - 1 for place in range(cells)]
    for share in shares:
        ramp.append(" ", Style(bgcolor=_colour(screen, share)))
    return ramp
