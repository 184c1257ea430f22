"""The pictures of a run as data: strips of small planes, each with the sentence of what the eye may conclude.

Three strips settle the post's question, each with one thing changed: every panel on its own range, as the post drew
them; the same on one scale; the same without the mean of each panel. Others show what went in, and both sides of the
gradient that was judged. A renderer only lays them out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array, Experiment, RunReport
from gradcheck_cli.report import eye
from gradcheck_cli.report.drawn import Drawn, Place, drawn, largest, plane_label, planes_of, roles, written
from gradcheck_cli.report.palette import AROUND_ZERO, RISING, Palette
from gradcheck_cli.report.pixels import pool
from gradcheck_cli.report.words import number, user_file

MOST_COMPARED = 12
"""Panels in each of the three strips: more are too small to be compared by eye."""
MOST_JUDGED = 27
"""Panels in each strip of the judged gradient; the worst planes are drawn."""
MOST_SIGNS = 4
"""Planes of G that are drawn: under |.| they differ in signs only, and a few show it."""
MOST_LINES = 64
"""Samples of an array of one axis that are drawn one below the other."""
_BGR = ("blue", "green", "red")
_SIGNED = ("l1",)
_WITHOUT_REFERENCE = ("sum", "random")


@dataclass(frozen=True)
class Tile:
    """One panel. `values` are numbers, (rows, columns), or the pixels of a photograph, (rows, columns, 3) uint8.

    Attributes:
        label: what it is: "filter 0, channel 1".
        caption: what stands beside it: "green, -29.1 to -25".
        alt: both and more, for people who cannot see it.
        low, high: the ends of its scale.
        group: tiles of one group stand closer together.
    """

    label: str
    caption: str
    alt: str
    values: Array
    palette: Palette = RISING
    low: float = 0.0
    high: float = 0.0
    group: int = 0

    def pixels(self, longest: int | None = None) -> Array:
        """Its colours, (rows, columns, 3) uint8, with at most `longest` rows and columns."""
        if self.values.ndim == 3:
            step = 1 if longest is None else -(-max(self.values.shape[:2]) // longest)
            return np.ascontiguousarray(self.values[::step, ::step])
        return self.palette.paint(self.values if longest is None else pool(self.values, longest), self.low, self.high)


@dataclass(frozen=True)
class Scale:
    """What the colours of a strip mean; `name` says of what."""

    palette: Palette
    low: float
    high: float
    name: str


@dataclass(frozen=True)
class Strip:
    """Tiles side by side. `scale` is None where each has its own; `left_out` counts planes that are not drawn."""

    id: str
    title: str
    tiles: tuple[Tile, ...]
    sentence: str
    scale: Scale | None = None
    left_out: int = 0


@dataclass(frozen=True)
class _Plane:
    label: str
    name: str
    colour: str
    group: int
    values: Array

    @property
    def caption(self) -> str:
        told = extent(self.values)
        return f"{self.colour}, {told}" if self.colour else told


def strips(report: RunReport) -> tuple[Strip, ...]:
    """All strips of a run: what is wrong first, else what the post asked."""
    shown = drawn(report)
    # Beside those of the code it must be said whose gradients these are.
    whose = " of autograd" if shown.wrong else ""
    asked, both = (_origin(report), *_compared(report, whose)), _judged(report, shown)
    return (*both, *asked) if shown.wrong else (*asked, both[-1])


def extent(values: Array) -> str:
    """ "-29.1 to -25", "0.5 everywhere", "3 of 9 not finite": the numbers of a plane in words."""
    finite = values[np.isfinite(values)]
    missing = values.size - finite.size
    broken = f"{missing:,} of {values.size:,} not finite" if missing else ""
    if finite.size == 0:
        return broken
    low, high = number(float(finite.min()), 3), number(float(finite.max()), 3)
    told = f"{low} everywhere" if finite.min() == finite.max() and not broken else f"{low} to {high}"
    return ", ".join(part for part in (told, broken) if part)


def _compared(report: RunReport, whose: str) -> tuple[Strip, ...]:
    """The three strips of grad_weight as autograd gives it, or as the code does where autograd gives none."""
    gradient = planes_of(report.figures.gradients["weight"].autograd)
    chosen = _first_filters(report.experiment, gradient.shape[:-2])
    planes = [_plane(report, gradient, place) for place in chosen]
    left_out = math.prod(gradient.shape[:-2]) - len(planes)
    found, values = eye.Asked.of(report.sameness), [plane.values for plane in planes]
    side = 0 if found.across == "channels" else 1
    places = [(roles(report.experiment, place)[side], *place[2:]) for place in chosen]
    centred = [_centred(plane) for plane in planes]
    rest = [plane.values for plane in centred]
    return (
        Strip(
            "own-ranges",
            f"dE/dF{whose}, each panel on its own range, as the post drew it",
            tuple(_tile(plane, *_ends([plane.values])) for plane in planes),
            eye.on_own_ranges(found, values),
            left_out=left_out,
        ),
        _on_one_scale("one-scale", "The same on one scale", planes, eye.on_one_scale(found, values), left_out),
        _on_one_scale(
            "structure",
            "The same without the mean of each panel, on one scale",
            centred,
            eye.without_means(found, values, rest, places),
            left_out,
        ),
    )


def _first_filters(ran: Experiment, shape: Sequence[int]) -> list[Place]:
    """The planes of the first filters with all their channels, as many as are drawn."""
    by_filter: dict[int, list[Place]] = {}
    for place in np.ndindex(*shape):
        by_filter.setdefault(roles(ran, place)[0], []).append(place)
    wide = min(len(by_filter[0]), MOST_COMPARED)
    filters = sorted(by_filter)[: max(1, MOST_COMPARED // wide)]
    return [place for o in filters for place in by_filter[o][:wide]]


def _plane(report: RunReport, gradient: Array, place: Place) -> _Plane:
    ran = report.experiment
    name = f"grad_weight[{', '.join(map(str, place))}]"
    return _Plane(plane_label(ran, place), name, _colour(report, place), roles(ran, place)[0], gradient[place])


def _colour(report: RunReport, place: Place) -> str:
    """The name of the channel that a plane of grad_weight is about."""
    ran = report.experiment
    filters, (o, i) = ran.out_channels // ran.groups, roles(ran, place)
    channel = o // filters * (ran.in_channels // ran.groups) + i
    return ran.channel_names[channel] if channel < len(ran.channel_names) else ""


def _centred(plane: _Plane) -> _Plane:
    finite = plane.values[np.isfinite(plane.values)]
    with np.errstate(invalid="ignore", over="ignore"):
        rest = plane.values - (finite.mean() if finite.size else 0.0)
    # Of equal entries the mean may be rounded; what is left of them is nothing.
    flat = finite.size > 0 and finite.min() == finite.max()
    return _Plane(
        plane.label,
        f"{plane.name} without its mean",
        plane.colour,
        plane.group,
        np.where(np.isfinite(rest), 0.0, rest) if flat else rest,
    )


def _on_one_scale(name: str, title: str, planes: Sequence[_Plane], sentence: str, left_out: int) -> Strip:
    low, high = _ends([plane.values for plane in planes])
    tiles = tuple(_tile(plane, low, high) for plane in planes)
    return Strip(name, title, tiles, sentence, Scale(RISING, low, high, "dE/dF"), left_out)


def _ends(values: Sequence[Array]) -> tuple[float, float]:
    """(smallest, largest) finite number of all."""
    finite = [plane[np.isfinite(plane)] for plane in values]
    kept = [plane for plane in finite if plane.size]
    return (min(float(p.min()) for p in kept), max(float(p.max()) for p in kept)) if kept else (0.0, 0.0)


def _tile(plane: _Plane, low: float, high: float) -> Tile:
    alt = f"{plane.name}{f' ({plane.colour})' if plane.colour else ''}: {extent(plane.values)}"
    return Tile(plane.label, plane.caption, alt, plane.values, RISING, low, high, plane.group)


def _judged(report: RunReport, shown: Drawn) -> tuple[Strip, ...]:
    """Both sides of the judged gradient on one scale, then their difference in units of what is allowed."""
    chosen = sorted(shown.worst_first()[:MOST_JUDGED])
    left_out = len(shown.places) - len(chosen)
    yours = "your code" if user_file(report) else "the hand-written backward"
    ends = _ends([side[place] for side in (shown.hand, shown.autograd) for place in chosen])
    sides = [
        Strip(
            side,
            f"grad_{shown.gradient} of {owner}",
            tuple(_tile(_side(report, shown, place, planes, owner), *ends) for place in chosen),
            "",
            Scale(RISING, *ends, f"{shown.symbol}, both sides on one scale"),
            left_out,
        )
        for side, owner, planes in (("hand", yours, shown.hand), ("autograd", "autograd", shown.autograd))
    ]
    return (*sides, _differences(report, shown, chosen, left_out))


def _side(report: RunReport, shown: Drawn, place: Place, planes: Array, owner: str) -> _Plane:
    colour = _colour(report, place) if shown.gradient == "weight" else ""
    return _Plane(shown.label(place), f"{shown.name(place)}, {owner}", colour, place[0], planes[place])


def _differences(report: RunReport, shown: Drawn, chosen: Sequence[Place], left_out: int) -> Strip:
    yours = "your code" if user_file(report) else "hand-written"
    return Strip(
        "difference",
        f"grad_{shown.gradient}, {yours} - autograd",
        tuple(_difference(shown, place) for place in chosen),
        eye.of_difference(shown, yours),
        Scale(AROUND_ZERO, -1.0, 1.0, "of what rounding allows"),
        left_out,
    )


def _difference(shown: Drawn, place: Place) -> Tile:
    told = f"{number(shown.ratio(place), 3)} of allowed" if shown.difference[place].any() else "0: all entries equal"
    alt = f"{shown.name(place)}, difference: at most {number(largest([shown.difference[place]]), 3)}, {told}"
    return Tile(shown.label(place), told, alt, shown.shares[place], AROUND_ZERO, -1.0, 1.0, place[0])


def _origin(report: RunReport) -> Strip:
    """The photograph, the reference and G of the first filters, of the first picture."""
    ran, figures = report.experiment, report.figures
    tiles = [_photograph(figures.x, ran)]
    if ran.loss.name not in _WITHOUT_REFERENCE:
        plane = np.asarray(_first_picture(figures.reference, ran)[0], np.float64)
        tiles.append(Tile("reference", extent(plane), f"the reference: {extent(plane)}", plane, *_gray(plane)))
    upstream = _first_picture(figures.grad_output, ran)
    signs = [_upstream(upstream[o], o, ran) for o in range(min(ran.out_channels, MOST_SIGNS))]
    scale = Scale(RISING, -1.0, 1.0, "sign(O - ref)") if ran.loss.name in _SIGNED else None
    left_out = ran.out_channels - len(signs)
    return Strip(
        "origin", "What goes in", (*tiles, *signs), eye.of_origin(report.sameness, written(ran)), scale, left_out
    )


_GRAY = Palette("black to white", ((0, 0, 0), (255, 255, 255)), (255, 200, 0), "amber")


def _gray(plane: Array) -> tuple[Palette, float, float]:
    return (_GRAY, *_ends([plane]))


def _first_picture(array: Array, ran: Experiment) -> Array:
    """The channels of the first picture, (c, rows, columns): the first of those that are the depth of a sample.

    A layer of one axis has the rows of a picture, or an array's samples, one below the other.
    """
    axes = len(ran.input_size)
    if axes != 1:
        first: Array = array[0] if axes == array.ndim - 2 == 2 else array[0, :, 0]
        return first
    rows = ran.size[0] if len(ran.size) > axes else MOST_LINES
    below: Array = array[:rows, :, 0].swapaxes(0, 1)
    return below


def _photograph(x: Array, ran: Experiment) -> Tile:
    """The first picture, in its colours where X's channels are blue, green and red."""
    picture = np.asarray(_first_picture(x, ran), np.float64)
    named = base_name(ran.images[0]) if ran.images else "X"
    if ran.channel_names == _BGR and len(picture) == len(_BGR) and np.isfinite(picture).all():
        pixels = np.clip(picture[::-1] * (255.0 if ran.unit_range else 1.0), 0, 255).round().astype(np.uint8)
        which = "X, the first picture" if math.prod(ran.input_size[:-2]) > 1 else "X, the picture"
        return Tile(which, named, f"X: {named}", np.moveaxis(pixels, 0, -1))
    return Tile("X, channel 0", named, f"X, channel 0 of {named}: {extent(picture[0])}", picture[0], *_gray(picture[0]))


def base_name(path: str) -> str:
    """The last part of a path, whichever way its slashes go."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path


def _upstream(plane: Array, o: int, ran: Experiment) -> Tile:
    values = np.asarray(plane, np.float64)
    if ran.loss.name not in _SIGNED:
        scale = largest([values])
        told = extent(values)
        return Tile(f"G, filter {o}", told, f"G, filter {o}: {told}", values, RISING, -scale, scale, 1)
    told = eye.signs(values)
    alt = f"sign(O - ref), filter {o}: {told}"
    return Tile(f"sign(O - ref), filter {o}", told, alt, np.sign(values), RISING, -1.0, 1.0, 1)
