"""Classes with a forward and no backward, told by their syntax: nothing in them was derived by hand."""

from __future__ import annotations

import ast
from collections.abc import Sequence

# Of a node that knows how to go back.
INSIDE = " that can be called (a function inside its forward goes back)"
_FORWARDS = ("forward", "__call__")


def is_module_definition(node: ast.AST) -> bool:
    """Does a class say that it is a Module?"""
    bases = node.bases if isinstance(node, ast.ClassDef) else []
    return any(getattr(base, "attr", getattr(base, "id", "")) == "Module" for base in bases)


def said_of_forwards(classes: Sequence[ast.ClassDef]) -> list[str]:
    """Of each class that only goes forward, that it has no backward; also who goes back, where that is known.

    A Module of the file's own is none of torch's; what its forward gives may hold a function that goes back.
    """
    own = {node.name for node in classes}
    return [
        f"{node.name} has no backward" + _who_goes_back(forwards, is_module_definition(node) and "Module" not in own)
        for node in classes
        if (forwards := [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name in _FORWARDS])
    ]


def _who_goes_back(forwards: Sequence[ast.FunctionDef], is_of_torch: bool) -> str:
    inner = [part for forward in forwards for part in ast.walk(forward) if part is not forward]
    if any(isinstance(part, ast.FunctionDef) and "backward" in part.name for part in inner):
        return INSIDE
    return " (torch computes its gradients)" if is_of_torch else ""
