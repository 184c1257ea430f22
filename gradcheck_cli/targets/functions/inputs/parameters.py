"""A parameter that is a dict of settings: its keys are read off the code, their values are usual ones."""

from __future__ import annotations

import ast
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.inputs.proposals import constant
from gradcheck_cli.targets.functions.spelling import tokens


def keys_read(source: str, name: str) -> dict[str, Any]:
    """The keys of `name` that the code reads, with the default's syntax where it says one; {} where it is no dict."""
    if not source:
        return {}
    found: dict[str, Any] = {}
    for node in ast.walk(syntax.parse(source)):
        if isinstance(node, ast.Subscript) and _is(node.value, name) and isinstance(node.ctx, ast.Load):
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                found.setdefault(node.slice.value, None)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            first = node.args[:1]
            if _is(node.func.value, name) and first and isinstance(first[0], ast.Constant):
                found.setdefault(str(first[0].value), node.args[1] if len(node.args) > 1 else None)
    return found


def defaults_read(source: str, name: str) -> dict[str, Any]:
    """The keys that the code has a value for where they are not there: `param.get("gain", 0.5)`."""
    return {key: node.value for key, node in keys_read(source, name).items() if isinstance(node, ast.Constant)}


def settings(source: str, name: str) -> dict[str, Any] | None:
    """A dict to hand in; None where the parameter is none. What has a default is left to it."""
    keys = keys_read(source, name)
    if not keys:
        return None
    return {key: _usual(key) for key, default in keys.items() if default is None or key in ("mode", "p")}


def _usual(key: str) -> Any:
    return constant(tokens(key))


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def number_of_names(source: str, name: str) -> int:
    """Into how many names the code takes a parameter apart: `kernel_h, kernel_w = kernel_size`; 0 where it does not."""
    for node in ast.walk(syntax.parse(source)) if source else ():
        if isinstance(node, ast.Assign) and _is(node.value, name) and isinstance(node.targets[0], ast.Tuple | ast.List):
            return len(node.targets[0].elts)
    return 0


def words_compared(source: str, name: str) -> list[str]:
    """The words that the code compares a parameter with: `activation == "relu"`, in order."""
    found: dict[str, None] = {}
    for node in ast.walk(syntax.parse(source)) if source else ():
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        if any(_is(side, name) for side in sides):
            for inner in (inner for side in sides for inner in ast.walk(side)):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    found[inner.value] = None
    return list(found)
