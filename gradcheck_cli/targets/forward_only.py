"""Classes with a forward and no backward, told by their syntax: nothing in them was derived by hand."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gradcheck_cli.model.syntax import identifier

_FORWARDS = ("forward", "__call__")


def is_module_definition(node: ast.AST) -> bool:
    """Does a class say that it is a Module?"""
    bases = node.bases if isinstance(node, ast.ClassDef) else []
    return any(identifier(base) == "Module" for base in bases)


def said_of_forwards(classes: Sequence[ast.ClassDef]) -> list[str]:
    """Of each class that only goes forward, that it has no backward; also who goes back, where that is known.

    A Module of the file's own is none of torch's; what its forward gives may hold a function that goes back.
    """
    own = {node.name for node in classes}
    return [
        f"{node.name} has no backward" + _who_goes_back(node, is_module_definition(node) and "Module" not in own)
        for node in classes
        if _forwards_of(node)
    ]


def goes_back_inside(node: ast.ClassDef) -> bool:
    """Does a forward of a class hold a function that goes back, as that of a node which knows how?"""
    inner = [part for forward in _forwards_of(node) for part in ast.walk(forward) if part is not forward]
    return any(isinstance(part, ast.FunctionDef) and "backward" in part.name for part in inner)


def _forwards_of(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name in _FORWARDS]


def _who_goes_back(node: ast.ClassDef, is_of_torch: bool) -> str:
    if goes_back_inside(node):
        return " that can be called (a function inside its forward goes back)"
    return " (torch computes its gradients)" if is_of_torch else ""
