"""What a method measures of its data and keeps in its object: `self.y_scale = np.std(y)`. Nobody learns it."""

from __future__ import annotations

import ast
import linecache
from functools import cache
from types import CodeType

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.spelling import word_set

_STATISTICS = word_set(
    "mean nanmean average std nanstd var nanvar median min max amin amax ptp percentile quantile norm"
)


@cache  # every call of the object asks again
def measured(code: CodeType) -> frozenset[str]:
    """The attributes that a method sets to a statistic of its data, and does not move: none of them is `a -= b`."""
    definition = _definition(code)
    found, moved = set[str](), set[str]()
    for node in ast.walk(definition) if definition is not None else ():
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
            moved.add(node.target.attr)
        elif isinstance(node, ast.Assign):
            names = {target.attr for target in node.targets if isinstance(target, ast.Attribute)}
            moved |= names & _read(node.value)
            found |= names if _is_statistic(node.value) else set()
    return frozenset(found - moved)


def _definition(code: CodeType) -> ast.AST | None:
    """As its file's text has it; None where there is none."""
    try:
        tree = syntax.parse("".join(linecache.getlines(code.co_filename)))
    except (SyntaxError, ValueError):
        return None
    named = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == code.co_name)
    return next((node for node in named if code.co_firstlineno in _first_lines(node)), None)


def _first_lines(node: ast.FunctionDef) -> range:
    """Of its decorators to that of its own name."""
    return range(min([node.lineno, *(each.lineno for each in node.decorator_list)]), node.lineno + 1)


def _read(value: ast.expr) -> set[str]:
    return {node.attr for node in ast.walk(value) if isinstance(node, ast.Attribute)}


def _is_statistic(value: ast.expr) -> bool:
    calls = (node.func for node in ast.walk(value) if isinstance(node, ast.Call))
    return any(getattr(func, "attr", getattr(func, "id", "")) in _STATISTICS for func in calls)
