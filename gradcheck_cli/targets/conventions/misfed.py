"""Whether an exception is about what the code was handed: then it tells as much of our guess as of the code."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import types
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from gradcheck_cli.model import syntax

# Of a number that was to be whole. numpy says it in an IndexError, Python in a TypeError.
WHOLE = r"integer|integral|'(numpy\.)?float\d*' object cannot be interpreted"
# Of a number of things that stand in one, or of one thing where several were wanted and the other way round.
TAKEN_APART = r"values to unpack|inhomogeneous|with a sequence|remapped shapes"
# What arguments are made of that are no arrays; of arrays the shapes and the names leave less doubt.
PLAIN = (bool, int, float, str, tuple, list, dict, type(None))


def is_misfed(error: BaseException, file: str, made: Collection[str] = ()) -> bool:
    """Whether `error` may come from a setting that was handed in another form than the code wants.

    A float that the code computes by itself is its own doing, as long as it was handed none.

    Args:
        error: what a call of the user's code raised.
        file: that of the user.
        made: parameters that hold what the file's own forward made.
    """
    frames = _frames(error, file)
    if not frames:
        return False
    handed = list(_handed(frames[0][0], made))
    if _wants_whole(error):
        return any(isinstance(value, float) for value in handed)
    if isinstance(error, UnboundLocalError):
        return any(isinstance(value, str | bool | None) for value in handed)
    if _wants_an_object(error, file):
        return True
    frame, line = frames[-1]
    read = [value for value in _read(frame, line, file) if any(value is one for one in handed)]
    return any(_is_about(error, value) for value in read)


def _wants_whole(error: BaseException) -> bool:
    return isinstance(error, TypeError | IndexError) and bool(re.search(WHOLE, str(error)))


def _wants_an_object(error: BaseException, file: str) -> bool:
    """Whether an array was handed over where the code reads a field of a class of its file: `params.depth`."""
    if not isinstance(error, AttributeError) or not isinstance(error.obj, (np.ndarray, *PLAIN)):
        return False
    tree = syntax.parse("".join(linecache.getlines(file)))
    return any(error.name in _fields(node) for node in ast.walk(tree))


def _fields(node: ast.AST) -> set[str]:
    """What an object of a class holds: `depth: Array` in it, `self.depth = ...`, `namedtuple("P", "depth point")`."""
    if isinstance(node, ast.ClassDef):
        inside = list(ast.walk(node))
        said = {
            part.target.id for part in inside if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
        }
        set_ = {part.attr for part in inside if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)}
        return said | set_
    if isinstance(node, ast.Call) and syntax.identifier(node.func) in ("namedtuple", "SimpleNamespace"):
        texts = [
            part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        return {word for text in texts for word in re.findall(r"\w+", text)} | {
            part.arg or "" for part in node.keywords
        }
    return set()


def _is_about(error: BaseException, value: Any) -> bool:
    """Whether the words of the exception are about a value of this kind."""
    if isinstance(error, KeyError):
        return isinstance(value, Mapping)
    if isinstance(error, ValueError):
        return isinstance(value, tuple | list | dict | str) and bool(re.search(TAKEN_APART, str(error)))
    if not isinstance(error, TypeError | AttributeError):
        return False
    kinds = [kind.__name__ for kind in type(value).__mro__ if kind is not object]
    return any(re.search(rf"\b{re.escape(kind)}\b", str(error)) for kind in kinds)


def _frames(error: BaseException, file: str) -> list[tuple[types.FrameType, int]]:
    """The frames of the user's file that the exception went through, the first call first."""
    found, step = [], error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == file:
            found.append((step.tb_frame, step.tb_lineno))
        step = step.tb_next
    return found


def _handed(frame: types.FrameType, made: Collection[str]) -> Iterator[Any]:
    """The arguments of a call that are no arrays, and what stands in them."""
    handed = inspect.getargvalues(frame)
    names = [*handed.args, *(name for name in (handed.varargs, handed.keywords) if name)]
    for name in names:
        value = handed.locals.get(name)
        yield from (item for item in _members(value) if name not in made or item is not value)


def _members(value: Any) -> Iterator[Any]:
    if isinstance(value, PLAIN):
        yield value
    if isinstance(value, tuple | list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _members(item)


def _read(frame: types.FrameType, line: int, file: str) -> list[Any]:
    """The values of the names that stand in the statement at `line`, and what is looked up in them there."""
    values = [frame.f_locals[name] for name in _names_at(file, line) if name in frame.f_locals]
    return [item for value in values for item in _members(value)]


def _names_at(file: str, line: int) -> set[str]:
    """The names in the innermost statement that holds `line`; of a loop or a condition, those of its head."""
    tree = syntax.parse("".join(linecache.getlines(file)))
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    around = [node for node in statements if node.lineno <= line <= (node.end_lineno or node.lineno)]
    if not around:
        return set()
    inner = max(around, key=lambda node: (node.lineno, node.col_offset))
    parts = [child for child in ast.iter_child_nodes(inner) if not isinstance(child, ast.stmt | ast.ExceptHandler)]
    return {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}
