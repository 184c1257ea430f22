"""Keys of a dict of parameters that begin with what a function is told: `params[f"{prefix}_W"]`, `p[name + ".w"]`.

Whatever the prefix is, the function reads the same: it is taken as empty.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping, Set

from gradcheck_cli.targets.functions.reading import parameter_names


def prefixes_of(function: ast.FunctionDef | None) -> frozenset[str]:
    """The parameters of a function that stand in keys of others, and nowhere else but where they are kept."""
    found = set[str]()
    for name in parameter_names(function):
        uses = [_use(node, above) for node, above in _uses(function, name)]
        if "key" in uses and None not in uses:
            found.add(name)
    return frozenset(found)


def without(names: Set[str], functions: Mapping[str, ast.FunctionDef]) -> dict[str, ast.FunctionDef]:
    """The functions with these prefixes empty."""
    return {name: _Without(names).visit(copy.deepcopy(node)) for name, node in functions.items()}


def keys_computed(node: ast.AST | None) -> list[re.Pattern[str]]:
    """What the keys may be of which a function computes a part: `f"W{gate}"`."""
    found = (inner for inner in ast.walk(node) if isinstance(inner, ast.JoinedStr)) if node is not None else ()
    keys = (
        "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in each.values)
        for each in found
        if any(map(_is_text, each.values))
    )
    return [re.compile(key) for key in keys]


def _uses(function: ast.AST | None, name: str) -> list[tuple[ast.AST, list[ast.AST]]]:
    """Each place where a name is read, and what it stands in, the innermost first."""
    found: list[tuple[ast.AST, list[ast.AST]]] = []

    def walk(node: ast.AST, above: list[ast.AST]) -> None:
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            found.append((node, above))
        for child in ast.iter_child_nodes(node):
            walk(child, [node, *above])

    if function is not None:
        walk(function, [])
    return found


def _use(node: ast.AST, above: list[ast.AST]) -> str | None:
    """ "key" in a key, "kept" in a tuple or a dict that is kept; None of all else."""
    if isinstance(above[0], ast.FormattedValue):
        key: ast.AST = above[1]
        around = above[2]
    elif isinstance(above[0], ast.BinOp) and above[0].left is node and _is_text(above[0].right):
        key, around = above[0], above[1]
    else:
        return "kept" if isinstance(above[0], ast.Tuple | ast.List | ast.Dict) else None
    return "key" if isinstance(around, ast.Subscript) and around.slice is key else None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


class _Without(ast.NodeTransformer):
    """What is left of a key is written out where nothing else in it has to be computed."""

    def __init__(self, names: Set[str]) -> None:
        self._names = names

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        left = [part for part in node.values if not self._is_prefix(getattr(part, "value", part))]
        if len(left) == len(node.values) or not all(map(_is_text, left)):
            return ast.copy_location(ast.JoinedStr(left), node)
        text = "".join(str(part.value) for part in left if isinstance(part, ast.Constant))
        return ast.copy_location(ast.Constant(text), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return node.right if self._is_prefix(node.left) and _is_text(node.right) else node

    def _is_prefix(self, node: object) -> bool:
        return isinstance(node, ast.Name) and node.id in self._names
