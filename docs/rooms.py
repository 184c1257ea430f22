"""Draws the rooms of the package and which imports from which, for docs/pictures/rooms.svg; for generate.py.

A room stands one floor above the highest that it imports from, so that an arrow that goes up or a circle cannot be
drawn: it is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "gradcheck_cli"
# Not rooms but doors: what a user imports, which loads the rooms late.
FRONT = ("__init__", "__main__", "api", "pytest_plugin")
WIDTH, BOX, HEIGHT, FLOOR = 940, 112, 34, 84  # of the picture, of a room's box (two numbers), from floor to floor


@cache
def arrows() -> dict[str, set[str]]:
    """Room -> the rooms that it imports from, also inside functions, but for type checkers."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).with_suffix("").parts[0]
        if room not in FRONT:
            found.setdefault(room, set()).update(_imported(ast.parse(path.read_text(encoding="utf-8"))))
    return {room: {other for other in others if other in found and other != room} for room, others in found.items()}


def floors(found: Mapping[str, set[str]]) -> list[list[str]]:
    """The rooms floor by floor, the lowest first.

    Raises:
        ValueError: some rooms import from each other.
    """
    placed: list[list[str]] = []
    left = dict(found)
    while left:
        standing = {room for floor in placed for room in floor}
        ready = sorted(room for room, others in left.items() if others <= standing)
        if not ready:
            raise ValueError(f"these rooms import in a circle: {', '.join(sorted(left))}")
        placed.append(ready)
        for room in ready:
            del left[room]
    return placed


def lasting(found: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The arrows that are drawn: one that a way over other rooms has too is left out."""
    below: dict[str, set[str]] = {}
    for floor in floors(found):
        for room in floor:
            below[room] = set().union(found[room], *(below[other] for other in found[room]))
    return {
        room: {one for one in others if not any(one in below[two] for two in others)} for room, others in found.items()
    }


def picture() -> str:
    """The drawing, SVG."""
    found = arrows()
    stories = floors(found)
    height = FLOOR * len(stories)
    centre = {
        room: _centre(stories, level, place) for level, floor in enumerate(stories) for place, room in enumerate(floor)
    }
    lines = [_line(centre[room], centre[other]) for room, others in lasting(found).items() for other in sorted(others)]
    boxes = [_box(room, *centre[room]) for floor in stories for room in floor]
    size = f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="15"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    words = "; ".join(f"{room} imports {', '.join(sorted(others))}" for room, others in found.items() if others)
    title = f"<title>The rooms and what they import, floor by floor. {escape(words)}</title>"
    paper = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, title, paper, *lines, *boxes, "</svg>"]) + "\n"


def _centre(stories: list[list[str]], level: int, place: int) -> tuple[float, float]:
    """Of a room's box: the top floor on top, the rooms of a floor evenly; every other floor is a little to the side."""
    step = WIDTH / len(stories[level])
    aside = (level % 3 - 1) * 60 if len(stories[level]) < 5 else 0
    return round(step * (place + 0.5) + aside, 1), FLOOR * (len(stories) - level - 0.5)


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (there, below) = start, end
    path = f"M{x} {y + HEIGHT / 2} C{x} {y + FLOOR / 2} {there} {below - FLOOR / 2} {there} {below - HEIGHT / 2}"
    return f'<path d="{path}" fill="none" stroke="#8a8f98"/>'


def _box(room: str, x: float, y: float) -> str:
    shape = f'<rect x="{x - BOX / 2}" y="{y - HEIGHT / 2}" width="{BOX}" height="{HEIGHT}" rx="6"'
    return f'{shape} fill="#eef2f8" stroke="#3b5b8c"/><text x="{x}" y="{y + 5}" text-anchor="middle">{room}</text>'


def _imported(tree: ast.Module) -> Iterator[str]:
    """The rooms that a source imports from."""
    for node in _walked(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        if isinstance(node, ast.ImportFrom) and node.module == "gradcheck_cli":
            names = [f"gradcheck_cli.{alias.name}" for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith("gradcheck_cli."))


def _walked(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _walked(child)
