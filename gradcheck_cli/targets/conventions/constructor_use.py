"""What a constructor does with its parameters, from its source: sizes, tuples, dicts, objects, functions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gradcheck_cli.targets.conventions.source import Source

# Read from arrays and lists too, so they say nothing of an object of settings.
OF_ARRAYS = ("shape", "copy", "dot", "T", "size", "ndim", "dtype", "append", "items", "get", "keys", "values", "astype")


@dataclass(frozen=True)
class ParameterUse:
    """How one parameter is used.

    Attributes:
        keys: string keys read from it, `config["stride"]`.
        attributes: attributes read from it, `config.stride`.
        parts: into how many parts it is taken apart, `c, h, w = shape`, `kernel[3]`; 0 where it is not.
        sized: it takes part in arithmetic, in a shape or in a call; else it is merely kept.
        called: it is called, `activation(z)`.
    """

    keys: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    parts: int = 0
    sized: bool = True
    called: bool = False


def use_of(source: Source, name: str) -> ParameterUse:
    """How the class whose definition `source` is uses the parameter `name` of its constructor."""
    init = source.method("__init__")
    if init.node is None:
        return ParameterUse()
    names = _aliases(init, name)
    nodes = [*_within(init, name), *_elsewhere(source, names)]
    keys = [*init.string_keys(name), *(key for alias in names for key in source.string_keys(alias))]
    return ParameterUse(
        keys=tuple(dict.fromkeys(keys)),
        attributes=tuple(dict.fromkeys(word for node in nodes if (word := _attribute(node)))),
        parts=max((_parts(node) for node in nodes), default=0),
        sized=any(_is_sized(node) for node in nodes),
        called=any(node.how == "called" for node in nodes),
    )


@dataclass(frozen=True)
class _Seen:
    """One place where a parameter is read: what is done there, and with which word or number."""

    how: str
    word: str = ""
    number: int = 0


def _aliases(init: Source, name: str) -> set[str]:
    """Attributes that simply keep the parameter: `self.cfg = config`, `self.a, self.b = a, b`."""
    found: set[str] = set()
    for node in init.walk():
        if isinstance(node, ast.Assign):
            for target in node.targets:
                found |= {left for left, right in _pairs(target, node.value) if right == name}
    return found


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, str]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for left, right in zip(target.elts, value.elts, strict=False):
            yield from _pairs(left, right)
    elif isinstance(target, ast.Attribute) and isinstance(value, ast.Name):
        yield target.attr, value.id


def _within(init: Source, name: str) -> list[_Seen]:
    return _seen(init.node, lambda node: isinstance(node, ast.Name) and node.id == name)


def _elsewhere(source: Source, names: set[str]) -> list[_Seen]:
    return _seen(source.node, lambda node: isinstance(node, ast.Attribute) and node.attr in names and _is_self(node))


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def _seen(root: ast.AST | None, is_it: Callable[[ast.AST], bool]) -> list[_Seen]:
    found: list[_Seen] = []
    for node in ast.walk(root) if root is not None else ():
        found += [seen for child in ast.iter_child_nodes(node) if is_it(child) for seen in _one(node, child)]
    return found


def _one(parent: ast.AST, child: ast.AST) -> Iterator[_Seen]:
    """What `parent` does with `child`."""
    if isinstance(parent, ast.Subscript) and parent.value is child:
        yield from _index(parent.slice)
    elif isinstance(parent, ast.Attribute):
        yield _Seen("attribute", parent.attr)
    elif isinstance(parent, ast.Assign) and parent.value is child:
        target = parent.targets[0]
        yield _Seen("parts", number=len(target.elts)) if isinstance(target, ast.Tuple | ast.List) else _Seen("kept")
    elif isinstance(parent, ast.Call) and parent.func is child:
        yield _Seen("called")
    elif isinstance(parent, ast.BinOp | ast.Call | ast.Tuple | ast.List | ast.keyword | ast.Starred):
        yield _Seen("sized")


def _index(index: ast.expr) -> Iterator[_Seen]:
    if isinstance(index, ast.Constant) and isinstance(index.value, int) and index.value >= 0:
        yield _Seen("parts", number=index.value + 1)


def _attribute(seen: _Seen) -> str:
    return seen.word if seen.how == "attribute" and seen.word not in OF_ARRAYS else ""


def _parts(seen: _Seen) -> int:
    return seen.number if seen.how == "parts" else 0


def _is_sized(seen: _Seen) -> bool:
    return seen.how in ("sized", "parts")
