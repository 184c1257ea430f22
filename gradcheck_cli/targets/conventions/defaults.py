"""Dicts of defaults that a constructor lays under the settings that it is handed: their keys are what may be set."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from gradcheck_cli.model.syntax import identifier


def merged_with(init: ast.AST | None, name: str) -> tuple[str, ...]:
    """Names of the dicts that the parameter `name` of a constructor is merged with.

    `{**D, **name}`, `dict(D, **name)`, `D | name`, and `d = dict(D)` or `d = D.copy()` with `d.update(name)`.
    """
    nodes = list(ast.walk(init)) if init is not None else []
    found = [other for node in nodes for other in _beside(node, name)]
    updated = {identifier(node.func.value) for node in nodes if _is_update(node, name)}  # type: ignore[attr-defined]
    for node in nodes:
        if isinstance(node, ast.Assign) and identifier(node.targets[0]) in updated:
            found.append(_copied(node.value))
    return tuple(dict.fromkeys(other for other in found if other))


def values_of(names: tuple[str, ...], source: ast.AST | None, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Key -> default of these dicts, which the file, or the class whose definition `source` is, holds."""
    found: dict[str, Any] = {}
    for name in names:
        value = scope.get(name)
        found |= value if isinstance(value, Mapping) else _in_class(source, name)
    return {str(key): value for key, value in found.items()}


def _in_class(source: ast.AST | None, name: str) -> Mapping[str, Any]:
    for node in getattr(source, "body", []):
        if isinstance(node, ast.Assign) and identifier(node.targets[0]) == name:
            with suppress(ValueError):
                value = ast.literal_eval(node.value)
                return value if isinstance(value, Mapping) else {}
    return {}


def _beside(node: ast.AST, name: str) -> Iterator[str]:
    """The names with which an expression merges `name`."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.Dict):
        parts = [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Call) and identifier(node.func) in ("dict", "ChainMap"):
        parts = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg is None)]
    names = [_copied(part) for part in parts]
    if name in names:
        yield from (other for other in names if other != name)


def _is_update(node: ast.AST, name: str) -> bool:
    """`d.update(name)`, also with the parameter behind `or {}`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "update":
        return False
    given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg is None)]
    return any(_copied(item) == name for item in given)


def _copied(node: ast.expr) -> str:
    """The name of a dict that is named, or copied: `D`, `dict(D)`, `D.copy()`, `copy.deepcopy(D)`, `name or {}`."""
    if isinstance(node, ast.BoolOp):
        return _copied(node.values[0])
    if isinstance(node, ast.Call) and node.args:
        return _copied(node.args[0])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _copied(node.func.value)
    return identifier(node)
