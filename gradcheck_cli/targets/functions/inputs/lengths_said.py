"""Which two lengths do not fit, as an exception says it: numpy's and torch's words, or the condition that raised it."""

from __future__ import annotations

import ast
import functools
import linecache
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

from gradcheck_cli.model import syntax

_SHAPE = r"\(([\d, ]*)\)"
# Two lengths.
_LENGTHS = tuple(
    map(
        re.compile,
        (
            r"size (\d+) is different from (\d+)",
            r"not aligned: (\d+) \(dim \d+\) != (\d+)",
            r"has size (\d+) and the array at index \d+ has size (\d+)",
            r"cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)",
            r"tensor a \((\d+)\) must match the size of tensor b \((\d+)\)",
            r"size of axis is (\d+) but size of corresponding boolean axis is (\d+)",
            r"size mismatch, got input \(\d+\), mat \(\d+x(\d+)\), vec \((\d+)\)",
        ),
    )
)
# Two shapes, whose last axes lie above each other.
_SHAPES = tuple(
    map(
        re.compile,
        (
            rf"together with shapes {_SHAPE} {_SHAPE}",
            rf"from shape {_SHAPE} into shape {_SHAPE}",
            rf"shape {_SHAPE} doesn't match the broadcast shape {_SHAPE}",
        ),
    )
)
# What a vector that is cut in parts leaves for the last one, and its shape.
_RESHAPED = re.compile(r"cannot reshape array of size (\d+) into shape \(([\d, ]+)\)")
# A loop that is longer than what it reads stops at the length of that.
_BEYOND = re.compile(r"index (\d+) is out of bounds for (?:axis|dimension) \d+ with size (\d+)")


def lengths_said(error: BaseException) -> tuple[int, ...]:
    """The two lengths that do not fit; () where it says none. Where the first is too short nobody knows by how much."""
    text = str(error)
    for pattern in _LENGTHS:
        if found := pattern.search(text):
            return int(found[1]), int(found[2])
    for pattern in _SHAPES:
        if found := pattern.search(text):
            one, other = map(_lengths_in, found.groups())
            pairs = zip(reversed(one), reversed(other), strict=False)
            return next(
                (
                    (left, right)
                    for left, right in pairs
                    if left != right and (1 not in (left, right) or not left * right)
                ),
                (),
            )
    return reshaped(error) or compared(error)


def reshaped(error: BaseException) -> tuple[int, ...]:
    """How many numbers were left, and how many the shape wants that they do not fill; () where nothing was reshaped."""
    found = _RESHAPED.search(str(error))
    return (int(found[1]), math.prod(_lengths_in(found[2]))) if found else ()


def too_short(error: BaseException) -> int:
    """The length of what a loop, or an index, went beyond; 0 where that is not what was raised."""
    found = _BEYOND.search(str(error))
    return int(found[2]) if found and int(found[1]) == int(found[2]) else 0


def leaves_nothing(error: BaseException) -> bool:
    """Was nothing left of what was taken apart, as of `cuts = theta[k:]` where theta is k long?"""
    found = _BEYOND.search(str(error))
    return found is not None and int(found[2]) == 0


def _lengths_in(shape: str) -> list[int]:
    return [int(length) for length in shape.split(",") if length.strip()]


def compared(error: BaseException) -> tuple[int, ...]:
    """The two numbers of a condition that raised: `if len(w) != X.shape[1] + 1: raise`, `assert a.shape == b.shape`."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ()
    for test in _tests_at(trace.tb_frame.f_code.co_filename, trace.tb_lineno):
        found = _numbers_of(test, trace.tb_frame)
        if found:
            return found
    return ()


@functools.lru_cache(maxsize=2**8)  # the same line raises in hundreds of calls
def _tests_at(file: str, line: int) -> tuple[ast.Compare, ...]:
    """The comparisons of the assertion on a line, or of the branch in which it raises there."""
    return tuple(part for test in _conditions(file, line) for part in ast.walk(test) if isinstance(part, ast.Compare))


def _conditions(file: str, line: int) -> Iterator[ast.expr]:
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Assert) and _is_at(node, line):
            yield node.test
        if isinstance(node, ast.If) and any(isinstance(each, ast.Raise) and _is_at(each, line) for each in node.body):
            yield node.test


def _is_at(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or line)


@functools.lru_cache(maxsize=4)
def _tree(file: str) -> ast.Module:
    try:
        return syntax.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return ast.Module([], [])


def _numbers_of(test: ast.Compare, frame: FrameType) -> tuple[int, ...]:
    if len(test.comparators) != 1:
        return ()
    left, right = (_value(side, frame) for side in (test.left, test.comparators[0]))
    if isinstance(left, int) and isinstance(right, int):
        return (left, right) if left != right else ()
    if isinstance(left, tuple) and isinstance(right, tuple):
        pairs = zip(left, right, strict=False)
        return next(((one, other) for one, other in pairs if one != other and isinstance(one, int)), ())
    return ()


# What a condition about shapes is made of; nothing else of the user's is run once more.
_CALLS: Mapping[str, Callable[[Any], int]] = {"len": len}
_OPERATORS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


def _value(node: ast.expr, frame: FrameType) -> Any:
    """Of names, shapes, their lengths and whole numbers; None of anything else."""
    try:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
            case ast.Attribute(attr="shape" | "ndim" | "size"):
                found = getattr(_value(node.value, frame), node.attr)
                return tuple(found) if node.attr == "shape" else found
            case ast.Subscript():
                return _value(node.value, frame)[_value(node.slice, frame)]
            case ast.Tuple():
                return tuple(_value(each, frame) for each in node.elts)
            case ast.UnaryOp(op=ast.USub()):
                return -_value(node.operand, frame)
            case ast.BinOp() if type(node.op) in _OPERATORS:
                return _OPERATORS[type(node.op)](_value(node.left, frame), _value(node.right, frame))
            case ast.Call(func=ast.Name(id=name), args=[one]) if name in _CALLS:
                return _CALLS[name](_value(one, frame))
    except (TypeError, IndexError, KeyError, AttributeError, ZeroDivisionError):
        return None
    return None
