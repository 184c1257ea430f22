"""Source text to a syntax tree, by one thread at a time, and the names in one."""

from __future__ import annotations

import ast
from functools import lru_cache
from threading import RLock

# Before Python 3.13 the depth of a tree under construction is counted once for all threads. A finaliser that runs in
# its middle hands the turn to another thread, and a second tree begun there ends both in "SystemError: AST constructor
# recursion depth mismatch". The lock may be taken again: such a finaliser may itself parse.
_ONE_AT_A_TIME = RLock()


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


def called(node: ast.AST | None) -> str:
    """The last name of what is called, "" where nothing is."""
    return identifier(node.func) if isinstance(node, ast.Call) else ""


def begins_at(node: ast.stmt) -> int:
    """Of a definition its first decorator's: there the interpreter says that it begins."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])
