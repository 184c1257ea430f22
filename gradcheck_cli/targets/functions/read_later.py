"""What a constructor is handed and a method reads: a setting, whatever it is called."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradcheck_cli.model import syntax


def read_later(source: str, names: Sequence[str]) -> tuple[str, ...]:
    """Those of a constructor's parameters of which an attribute is made that another method reads.

    Args:
        source: the class's text; "" where it is not at hand.
    """
    methods = [node for node in syntax.nodes_in(source) if isinstance(node, ast.FunctionDef)]
    read = {
        node.attr
        for method in methods
        if method.name != "__init__"
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    made = [pair for method in methods if method.name == "__init__" for pair in _made(method)]
    return tuple(name for name in names if any(name in used and attribute in read for attribute, used in made))


def _made(constructor: ast.FunctionDef) -> Iterator[tuple[str, set[str]]]:
    """Each attribute that it makes, with the names of what it is made of."""
    for node in ast.walk(constructor):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _one_by_one(target, node.value)


def _one_by_one(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, set[str]]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield from _one_by_one(one, other)
    elif isinstance(target, ast.Attribute):
        yield target.attr, syntax.names_within(value)
