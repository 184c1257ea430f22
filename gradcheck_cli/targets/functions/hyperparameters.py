"""Numbers that a constructor is given and a gradient is returned of: `Kernel(scale=1.0)`, `{"log_scale": ...}`.

As processes are fitted: in the logarithm of what has to stay above 0.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.form import Parameter, as_array
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.functions.spelling import belongs_to

_OF_LOGARITHM = re.compile(r"^(?:d|grad)?_?(?:log|ln)_?(\w+)$")


@dataclass(frozen=True)
class Slope:
    """What an entry is the derivative by: a number, or its logarithm."""

    name: str
    is_of_logarithm: bool

    def of(self, value: Any, number: Any) -> Any:
        """The derivative by the number itself, where that is `number`; an entry that is no number as it is."""
        array = as_array(value)
        return value if array is None or not self.is_of_logarithm else array / np.asarray(number)


def slopes_named(source: str, method: str, settings: Sequence[Parameter]) -> dict[str, Slope]:
    """Key -> what it is the derivative by, of the keys that a method of a class, or one that it calls, gives.

    Args:
        source: the text of the class.
        settings: what its constructor is given.
    """
    numbers = [item.name for item in settings if type(item.default) is float]
    found = {key: _slope(key, numbers) for key in _keys_given(source, method)} if numbers else {}
    return {key: slope for key, slope in found.items() if slope is not None}


def as_arguments(settings: Sequence[Parameter], slopes: Mapping[str, Slope]) -> list[Parameter]:
    """The settings, those of which a gradient is returned as numbers that it is owed for."""
    by_name = {slope.name: slope for slope in slopes.values()}
    return [
        replace(item, known=_proposal(item, by_name[item.name])) if item.name in by_name else item for item in settings
    ]


def by_the_numbers(
    entries: Sequence[tuple[str, Any]], slopes: Mapping[str, Slope], values: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    """The entries, those of a logarithm as derivatives by the number itself."""
    return [
        (slope.name, slope.of(value, values[slope.name]))
        if (slope := slopes.get(name)) is not None and slope.name in values
        else (name, value)
        for name, value in entries
    ]


def _slope(key: str, names: Sequence[str]) -> Slope | None:
    if name := belongs_to(key, names):
        return Slope(name, is_of_logarithm=False)
    logarithm = _OF_LOGARITHM.match(key)
    name = belongs_to(logarithm[1], names) if logarithm is not None else ""
    return Slope(name, is_of_logarithm=True) if name else None


def _proposal(item: Parameter, slope: Slope) -> Proposal:
    return Proposal("positive" if slope.is_of_logarithm or item.default > 0 else "real")


def _keys_given(source: str, method: str) -> list[str]:
    """The keys of dicts that are written out in a method, and in those of its object that it calls."""
    methods = {node.name: node for node in syntax.nodes_in(source) if isinstance(node, ast.FunctionDef)}
    found: dict[str, None] = {}
    waiting, seen = [method], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in methods:
            continue
        seen.add(name)
        for node in ast.walk(methods[name]):
            if isinstance(node, ast.Dict):
                found |= dict.fromkeys(text for key in node.keys if (text := _text(key)))
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _text(node.slice):
                found[_text(node.slice)] = None
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                waiting.append(node.func.attr)
    return list(found)


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
