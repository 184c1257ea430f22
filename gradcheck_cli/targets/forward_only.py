"""Classes with a forward and no backward, told by their syntax: nothing in them was derived by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_FORWARDS = ("forward", "__call__")


def is_module_definition(node: ast.AST) -> bool:
    """Does a class say that it is a Module?"""
    bases = node.bases if isinstance(node, ast.ClassDef) else []
    return any(getattr(base, "attr", getattr(base, "id", "")) == "Module" for base in bases)


def said_of_forwards(classes: Iterable[ast.ClassDef]) -> list[str]:
    """Of each class that only goes forward, that it has no backward; of a module also who computes its gradients."""
    return [
        f"{node.name} has no backward" + (" (torch computes its gradients)" if is_module_definition(node) else "")
        for node in classes
        if any(isinstance(item, ast.FunctionDef) and item.name in _FORWARDS for item in node.body)
    ]
