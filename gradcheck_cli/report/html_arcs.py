"""The forward of a finding drawn beside its statements: one row each, an arc from each value to where it is used.

An arc diagram needs the width of its longest arc only; the statements beside it are text, which a phone cuts short and
a screen reader reads. Lengths are CSS pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradcheck_cli.model.forward_graph import Flow, ForwardGraph

# As the style's rows are.
ROW = 28
_MARGIN, _STEP, _WIDEST = 14, 12, 88
# Half of a cross on an arc that is lost, and how far such an arc reaches at least, so that there is room for it.
_CROSS = 5
_LOST = 30


@dataclass(frozen=True)
class Arc:
    """One use: `path` as SVG writes it; the cross of a lost one is a path of its own."""

    path: str
    title: str
    is_lost: bool = False
    cross: str = ""


@dataclass(frozen=True)
class Arcs:
    """The drawing: its size, where the statements' dots are, and the arcs, the lost ones on top."""

    width: int
    height: int
    dots: tuple[tuple[int, int], ...]
    arcs: tuple[Arc, ...]

    @property
    def is_lost(self) -> bool:
        """Whether any arc is."""
        return any(each.is_lost for each in self.arcs)


def arcs(graph: ForwardGraph) -> Arcs:
    """The arcs of a forward."""
    longest = max((use.target - use.source for use in graph.uses), default=0)
    width = _MARGIN + min(_STEP * longest + 2 * _STEP, _WIDEST)
    x = width - _MARGIN
    listed = sorted(graph.uses, key=lambda use: use.is_lost)
    drawn = tuple(_arc(graph, use, x, longest) for use in listed)
    dots = tuple((x, _middle(number)) for number in range(len(graph.statements)))
    return Arcs(width, ROW * len(graph.statements), dots, drawn)


def _arc(graph: ForwardGraph, use: Flow, x: int, longest: int) -> Arc:
    start, end = _middle(use.source), _middle(use.target)
    # A third more, as a cubic curve comes three quarters of the way to its handles.
    reach = round(4 / 3 * (x - 4) * (use.target - use.source) / longest)
    reach = max(reach, _LOST) if use.is_lost else reach
    title = f"{use.name or 'a value'}: {graph.statements[use.source].text} -> {graph.statements[use.target].text}"
    path = f"M{x} {start}C{x - reach} {start} {x - reach} {end} {x} {end}"
    if not use.is_lost:
        return Arc(path, title)
    middle, out = (start + end) // 2, x - 3 * reach // 4
    cross = f"M{out - _CROSS} {middle - _CROSS}l{2 * _CROSS} {2 * _CROSS}m0 {-2 * _CROSS}l{-2 * _CROSS} {2 * _CROSS}"
    return Arc(path, f"{title} (not followed)", True, cross)


def _middle(number: int) -> int:
    return ROW * number + ROW // 2
