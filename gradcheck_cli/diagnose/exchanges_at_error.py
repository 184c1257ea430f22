"""What may stand where a call raised: a name or an attribute that is there for one that is not, `//` for `/`.

As in `exchanges`, each is a function of a node; it knows nothing of gradients, and is tried before it is told.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from difflib import get_close_matches

from gradcheck_cli.diagnose.code import Code
from gradcheck_cli.diagnose.scope import Exchanged, is_self

# Of the names that may be meant, those most like what is written; further ones cost a call each.
_NAMES = 24


def known_instead(code: Code, node: ast.AST) -> Iterator[Exchanged]:
    """What the file knows, for what it does not know on this line."""
    names: list[str] = []
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        known = code.names_at(node.lineno)
        names = [] if node.id in known or hasattr(builtins, node.id) else _like(node.id, known)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        module = sys.modules.get(code.module_of(ast.unparse(node.value)))
        known = code.attributes if is_self(node.value) else frozenset(dir(module)) if module else frozenset({node.attr})
        names = [] if node.attr in known else _like(node.attr, known)
        names = [f"{ast.unparse(node.value)}.{name}" for name in names]
    return (Exchanged(name, name) for name in names)


def _like(name: str, known: frozenset[str]) -> list[str]:
    """The likest first, and of equals always the same."""
    return get_close_matches(name, sorted(known), _NAMES, 0)


def whole_quotient(node: ast.AST) -> Iterator[Exchanged]:
    """a // b for a / b."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        text = f"{_bracketed(node.left)} // {_bracketed(node.right)}"
        yield Exchanged(text, text)


def _bracketed(node: ast.expr) -> str:
    return f"({ast.unparse(node)})" if isinstance(node, ast.BinOp) else ast.unparse(node)
