"""Source text to a syntax tree, by one thread at a time, and the names in one."""

from __future__ import annotations

import ast
import copy
from functools import lru_cache
from threading import RLock
from typing import TypeVar

# Before Python 3.13 the depth of a tree under construction is counted once for all threads. A finaliser that runs in
# its middle hands the turn to another thread, and a second tree begun there ends both in "SystemError: AST constructor
# recursion depth mismatch". The lock may be taken again: such a finaliser may itself parse.
_ONE_AT_A_TIME = RLock()
_Node = TypeVar("_Node", bound=ast.AST)


def parse(source: str | bytes, filename: str = "<unknown>") -> ast.Module:
    """A file's tree.

    Raises:
        SyntaxError, ValueError, RecursionError: as `ast.parse`.
    """
    with _ONE_AT_A_TIME:
        return ast.parse(source, filename=filename)


def parse_expression(text: str) -> ast.Expression:
    """The tree of one expression; raises as `parse` does."""
    with _ONE_AT_A_TIME:
        return ast.parse(text, mode="eval")


@lru_cache(maxsize=32)  # what is asked of each parameter reads the same text; few are asked about at a time
def nodes_in(source: str) -> tuple[ast.AST, ...]:
    """Everything in a text, the outer before the inner; not to be changed, as others are given the same.

    Raises:
        SyntaxError, ValueError, RecursionError: as `ast.parse`.
    """
    return tuple(ast.walk(parse(source)))


def identifier(node: ast.AST | None) -> str:
    """The last name of a name or an attribute, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def is_name(node: ast.AST | None, name: str) -> bool:
    """Is this one name, and not an attribute that is called so?"""
    return isinstance(node, ast.Name) and node.id == name


def names_within(node: ast.AST) -> set[str]:
    """The names that stand in a tree, wherever they are read or bound."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def without_owner(node: _Node, owner: str) -> _Node:
    """A copy of a part of a method, with `x` for `self.x`.

    Args:
        owner: what the method calls its object; "" where nothing is one.
    """
    found: _Node = _AttributesAsNames(owner).visit(copy.deepcopy(node))
    return found


class _AttributesAsNames(ast.NodeTransformer):
    def __init__(self, owner: str) -> None:
        self._owner = owner

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """`self.x` -> `x`."""
        if not is_name(node.value, self._owner):
            return self.generic_visit(node)
        return ast.copy_location(ast.Name(node.attr, node.ctx), node)


def called(node: ast.AST | None) -> str:
    """The last name of what is called, "" where nothing is."""
    return identifier(node.func) if isinstance(node, ast.Call) else ""


def begins_at(node: ast.stmt) -> int:
    """Of a definition its first decorator's: there the interpreter says that it begins."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])
