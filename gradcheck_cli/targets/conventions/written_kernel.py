"""The size of a kernel that a target's text writes down, where it takes no other: `randn(n, 5, 5, c)`, `x[i:i + 5]`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.line import number_of_axes
from gradcheck_cli.model.syntax import identifier

# What makes an array of the shape that it is handed.
MAKERS = frozenset(
    ("zeros", "ones", "empty", "full", "randn", "rand", "normal", "uniform", "standard_normal", "random", "integers")
)
# One number is nothing to go by where there is one axis, and two are not where there are three.
PICTURE = 2
# A kernel of one tap is a matrix; one of more than eleven is rather the size of a picture.
_SIZES = range(2, 12)


def with_written(specs: Sequence[ConvSpec], nodes: Sequence[ast.AST]) -> tuple[ConvSpec, ...]:
    """The geometries, before them the same with the kernel that the text writes down, if it writes one for this kind.

    Args:
        specs: of one kind.
        nodes: those of the target's text.
    """
    written = _written(nodes)
    if written is None or not specs or number_of_axes(specs[0]) != PICTURE:
        return tuple(specs)
    found = []
    for spec in specs:
        with suppress(GeometryError):
            found.append(_with_kernel(spec, written))
    return tuple(dict.fromkeys((*found, *specs)))


def _with_kernel(spec: ConvSpec, size: int) -> ConvSpec:
    """The same layer with this kernel; what kept the size of the picture still does."""
    kept = [own == usual // 2 for own, usual in zip(spec.padding, spec.kernel_size, strict=True)]
    padding = tuple(size // 2 if keeps else own for keeps, own in zip(kept, spec.padding, strict=True))
    return spec.of_size(tuple(max(own, size + 2) for own in spec.input_size), kernel_size=(size, size), padding=padding)


def _written(nodes: Sequence[ast.AST]) -> int | None:
    """The one size that stands as two neighbours where an array is made, or as the width of a window on two axes."""
    sizes = {size for node in nodes for size in (*_made(node), *_windows(node))}
    return sizes.pop() if len(sizes) == 1 else None


def _made(node: ast.AST) -> Iterator[int]:
    if isinstance(node, ast.Call) and identifier(node.func) in MAKERS:
        for parts in (node.args, *(one.elts for one in node.args if isinstance(one, ast.Tuple | ast.List))):
            yield from _pairs([_number(part) for part in parts])


def _windows(node: ast.AST) -> Iterator[int]:
    """`x[i : i + 5, j : j + 5]`."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        yield from _pairs([_width(part) for part in node.slice.elts])


def _width(part: ast.expr) -> int | None:
    if not isinstance(part, ast.Slice) or part.lower is None or not isinstance(part.upper, ast.BinOp):
        return None
    starts = isinstance(part.upper.op, ast.Add) and ast.unparse(part.upper.left) == ast.unparse(part.lower)
    return _number(part.upper.right) if starts else None


def _pairs(sizes: Sequence[int | None]) -> Iterator[int]:
    return (first for first, second in pairwise(sizes) if first is not None and first == second)


def _number(node: ast.AST) -> int | None:
    is_size = isinstance(node, ast.Constant) and type(node.value) is int and node.value in _SIZES
    return node.value if is_size else None  # type: ignore[attr-defined]
