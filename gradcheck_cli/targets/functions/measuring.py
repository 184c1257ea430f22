"""What a method does with what its object keeps: a statistic of its data, or what it was before moved on a little.

`self.y_scale = np.std(y)` and `self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)`: nobody learns either.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Collection, Iterator
from functools import cache
from types import CodeType
from typing import TypeGuard

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.spelling import word_set

_STATISTICS = word_set(
    "mean nanmean average std nanstd var nanvar median min max amin amax ptp percentile quantile norm"
)


@cache  # every call of the object asks again
def measured(code: CodeType) -> frozenset[str]:
    """The attributes that a method sets to a statistic of its data, and does not move on."""
    found = (names for names, value in _assignments(code) if _is_statistic(value))
    return frozenset(name for names in found for name in names) - moved_on(code)


@cache
def moved_on(code: CodeType) -> frozenset[str]:
    """The attributes that a method moves on from what they were: `self.a -= b`, `self.a = 0.9 * self.a + 0.1 * b`."""
    nodes = _nodes_of_code(code)
    steps = {node.target.attr for node in nodes if isinstance(node, ast.AugAssign) and _is_kept(node.target)}
    return frozenset(steps).union(*(names & _read(value) for names, value in _assignments(code)))


@cache
def keys_given(code: CodeType) -> frozenset[str]:
    """The texts under which a method gives something: of the dicts that it writes out or fills."""
    nodes = _nodes_of_code(code)
    written = [key for node in nodes if isinstance(node, ast.Dict) for key in node.keys]
    filled = [node.slice for node in nodes if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)]
    texts = (key.value for key in (*written, *filled) if isinstance(key, ast.Constant))
    return frozenset(text for text in texts if isinstance(text, str))


def _assignments(code: CodeType) -> Iterator[tuple[frozenset[str], ast.expr]]:
    """The attributes that are set, and to what."""
    for node in _nodes_of_code(code):
        if isinstance(node, ast.Assign):
            names = (each.attr for target in node.targets for each in ast.walk(target) if _is_kept(each))
            yield frozenset(names), node.value


def _is_kept(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """`self.a`, where it is set."""
    return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name)


def _nodes_of_code(code: CodeType) -> Collection[ast.AST]:
    """Of its definition, as its file's text has it; none where there is no text."""
    try:
        nodes = syntax.nodes_in("".join(linecache.getlines(code.co_filename)))
    except (SyntaxError, ValueError):
        return ()
    named = (node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == code.co_name)
    found = next((node for node in named if syntax.begins_at(node) <= code.co_firstlineno <= node.lineno), None)
    return () if found is None else tuple(ast.walk(found))


def _read(value: ast.expr) -> set[str]:
    return {node.attr for node in ast.walk(value) if isinstance(node, ast.Attribute)}


def _is_statistic(value: ast.expr) -> bool:
    return any(syntax.called(node) in _STATISTICS for node in ast.walk(value))
