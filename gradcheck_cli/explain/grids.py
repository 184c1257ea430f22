"""Numbers as grids: the planes of an array side by side."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.explain.explanation import WIDTH
from gradcheck_cli.mistakes import number
from gradcheck_cli.model import Array

# Of an array; more would not fit beside each other.
_MOST = 4


def planes(name: str, array: Array) -> list[tuple[str, Array]]:
    """The first planes of an array with their names, "X[0,1]"; a vector is one row."""
    if array.ndim == 1:
        return [(name, array[None])]
    names = [(index, array[index]) for index in np.ndindex(*array.shape[:2])]
    return [(f"{name}[{index[0]},{index[1]}]", plane) for index, plane in names[:_MOST]]


def blocks(name: str, array: Array) -> list[tuple[str, Array]]:
    """An array of any number of axes as planes of its last two, "q[0]"; leading axes of length 1 are not told."""
    while array.ndim > 2 and len(array) == 1:
        array = array[0]
    if array.ndim <= 2:
        return [(name, np.atleast_2d(array))]
    return [(f"{name}[{','.join(map(str, index))}]", array[index]) for index in np.ndindex(*array.shape[:-2])]


def side_by_side(named: list[tuple[str, Array]]) -> str:
    """Planes next to each other as far as the width allows, then below."""
    blocks = [_block(name, plane) for name, plane in named]
    rows: list[list[list[str]]] = [[]]
    for block in blocks:
        used = sum(len(other[0]) + 3 for other in rows[-1])
        if rows[-1] and used + len(block[0]) > WIDTH - 2:
            rows.append([])
        rows[-1].append(block)
    return "\n".join(_joined(row) for row in rows)


def _block(name: str, plane: Array) -> list[str]:
    if plane.size == 0:
        return [name, "(empty)".ljust(len(name))]
    cells = [[number(round(float(value), 6)) for value in row] for row in plane]
    width = max(len(cell) for row in cells for cell in row)
    lines = [" ".join(cell.rjust(width) for cell in row) for row in cells]
    return [line.ljust(max(len(name), len(lines[0]))) for line in (name, *lines)]


def _joined(blocks: list[list[str]]) -> str:
    height = max(len(block) for block in blocks)
    full = [block + [" " * len(block[0])] * (height - len(block)) for block in blocks]
    return "\n".join("   ".join(parts).rstrip() for parts in zip(*full, strict=True))


def times(numbers: tuple[int, ...]) -> str:
    """(5, 100, 100) -> "5x100x100"."""
    return "x".join(map(str, numbers))
