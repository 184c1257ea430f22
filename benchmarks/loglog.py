"""Curves on logarithmic axes as SVG, with nothing but text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 420, 60, 20, 300, 40
# Told apart by people who do not see all colours, too: the palette of Okabe and Ito.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


@dataclass(frozen=True)
class Curve:
    """Points (x, y) above 0, and the slope of the line through them in logarithms."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    slope: float


@dataclass(frozen=True)
class Scale:
    """From a number to a place on the picture, by its logarithm."""

    low: float
    high: float
    begin: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], begin: float, end: float) -> Scale:
        """A scale of whole powers of ten that holds all values."""
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return cls(low, max(high, low + 1), begin, end)

    def at(self, value: float) -> float:
        """Where the value stands."""
        return self.begin + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.begin)

    @property
    def tens(self) -> list[float]:
        """The powers of ten on it."""
        return [10.0**power for power in range(round(self.low), round(self.high) + 1)]


def drawn(curves: Sequence[Curve], unit: str) -> str:
    """The picture: a line with its points for each curve, and a legend with the slopes."""
    across = Scale.over([x for curve in curves for x in curve.xs], LEFT, WIDTH - RIGHT)
    up = Scale.over([y for curve in curves for y in curve.ys], HEIGHT - BOTTOM, TOP)
    parts = [*_grid(across, up, unit), *(line for place in enumerate(curves) for line in _curve(*place, across, up))]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
    return "\n".join(
        [f'{head} font-size="13">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', *parts, "</svg>", ""]
    )


def _grid(across: Scale, up: Scale, unit: str) -> Iterator[str]:
    """A line for each power of ten, with its number."""
    for value in across.tens:
        x = across.at(value)
        yield f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{value:g}</text>'
    for value in up.tens:
        y = up.at(value)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
    yield f'<text x="{LEFT}" y="{TOP - 6}">{unit}</text>'


def _curve(place: int, curve: Curve, across: Scale, up: Scale) -> Iterator[str]:
    colour = COLOURS[place % len(COLOURS)]
    points = [(across.at(x), up.at(y)) for x, y in zip(curve.xs, curve.ys, strict=True)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points)
    y = TOP + 20 + 40 * place
    words, _, rest = curve.name.partition(" (")
    yield f'<circle cx="{WIDTH - RIGHT + 22}" cy="{y - 4}" r="5" fill="{colour}"/>'
    yield f'<text x="{WIDTH - RIGHT + 34}" y="{y}">{words}: slope {curve.slope:.2f}</text>'
    yield f'<text x="{WIDTH - RIGHT + 34}" y="{y + 16}" fill="#555">{rest.rstrip(")")}</text>'
