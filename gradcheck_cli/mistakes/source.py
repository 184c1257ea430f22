"""How a line of source looks: tests of expressions and statements that several mistakes share. They never judge."""

from __future__ import annotations

import ast
from collections.abc import Callable

from gradcheck_cli.model.syntax import called

LooksLike = Callable[[ast.AST], bool]


def slices(node: ast.AST) -> list[ast.Slice]:
    """The slices of a subscript, axis by axis; empty for anything else."""
    if not isinstance(node, ast.Subscript):
        return []
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return [part for part in parts if isinstance(part, ast.Slice)]


def symmetric(part: ast.Slice) -> bool:
    """From something to its negative."""
    low, high = part.lower, part.upper
    if low is None or not isinstance(high, ast.UnaryOp) or not isinstance(high.op, ast.USub):
        return False
    return ast.unparse(high.operand) == ast.unparse(low)


def means(node: ast.AST) -> bool:
    """a.mean(), np.average(a)"""
    return called(node) in ("mean", "average")


def turns(node: ast.AST) -> bool:
    """rot90, flip, convolve2d, [::-1]"""
    backward = any(part.step is not None and ast.unparse(part.step) == "-1" for part in slices(node))
    return backward or called(node) in ("rot90", "flip", "flipud", "fliplr", "convolve2d", "convolve")


def overwrites(node: ast.AST) -> bool:
    """dw[f] = ... * ..., without dw[f] on the right."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Subscript):
        return False
    value = ast.unparse(node.value)
    adds_up = ast.unparse(node.targets[0]) in value
    return not adds_up and any(isinstance(part, ast.Mult) for part in ast.walk(node.value))


def exchanges_axes(node: ast.AST) -> bool:
    """a.T, a.transpose(...), np.moveaxis(...)"""
    return called(node) in ("transpose", "swapaxes", "permute", "moveaxis") or getattr(node, "attr", "") == "T"


def unpads_by_name(node: ast.AST) -> bool:
    """a[:, :, p:-p], or slice(p, -p)."""
    parts = [ast.Slice(*node.args[:2])] if isinstance(node, ast.Call) and called(node) == "slice" else slices(node)
    return any(symmetric(part) and not isinstance(part.lower, ast.Constant) for part in parts)
