"""On which settings alone a function is wrong: "axis = 0", as the samples say that were asked."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gradcheck_cli.model import syntax
from gradcheck_cli.model.functions import Value

# What a sample leaves out keeps the default of the function: no value is the same.
_DEFAULT = "its default"


def distinguishing_setting(wrong: Sequence[Mapping[str, Value]], right: Sequence[Mapping[str, Value]]) -> str:
    """The settings that every wrong sample has one of and no right one has; "" where the samples do not say that.

    Args:
        wrong: the values of the samples on which a gradient is wrong, by argument.
        right: of those on which it is not.
    """
    if not wrong or not right:
        return ""
    fine = [settings_of(values) for values in right]
    found: dict[str, None] = {}
    for values in wrong:
        own = settings_of(values)
        marks = [
            f"{name} = {value}"
            for name, value in own.items()
            if value != _DEFAULT and all(other.get(name, _DEFAULT) != value for other in fine)
        ]
        if len(marks) != 1:  # of two that go together nobody knows which it is
            return ""
        found[marks[0]] = None
    return " or ".join(found)


def is_read_once(definition: ast.AST | None, setting: str) -> bool:
    """Do methods of a class read a setting of its constructor, but for that no more than one: its forward?

    Of a function that is a backward by itself: does it not read it at all?
    """
    if not isinstance(definition, ast.ClassDef):
        return isinstance(definition, ast.FunctionDef) and setting.isidentifier() and not _reads(definition, setting)
    methods = [node for node in definition.body if isinstance(node, ast.FunctionDef) and node.name != "__init__"]
    return sum(_reads(method, setting) for method in methods) == 1


def _reads(function: ast.FunctionDef, setting: str) -> bool:
    nodes = list(ast.walk(function))
    return setting in {syntax.identifier(node) for node in nodes} | {getattr(node, "arg", "") for node in nodes}


def settings_of(values: Mapping[str, Value]) -> dict[str, str]:
    """What a sample says beside its arrays, in words; what keeps its default is not there."""
    return dict(_settings(values))


def _settings(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}[{key!r}]", inner) for key, inner in _settings(value))
        elif not isinstance(value, np.ndarray):
            yield name, f"{value}"
