"""Source text to a syntax tree, by one thread at a time."""

from __future__ import annotations

import ast
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
