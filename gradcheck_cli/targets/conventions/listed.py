"""A constructor that is handed a list of settings, one dict for each layer: the list with one convolution in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gradcheck_cli.model.syntax import identifier
from gradcheck_cli.targets.conventions.use import LOOKUPS, nodes_of


@dataclass(frozen=True)
class Listed:
    """What is read from the elements of a list: keys, and the word of the key that tells the kinds of layers apart."""

    keys: tuple[str, ...] = ()
    words: dict[str, str] = field(default_factory=dict)

    def make(self, values: dict[str, Any]) -> list[dict[str, Any]]:
        """The list, from key -> value."""
        return [{**self.words, **values}]


@cache  # every layout and every way to call the class asks again
def listed(source: ast.AST | None, name: str) -> Listed | None:
    """How the class whose definition `source` is reads the elements of its parameter `name`; None for no such list."""
    nodes = nodes_of(source)
    variables = {variable for node in nodes for variable in _loops(node, name)}
    keys = [key for node in nodes if (key := _read(node, variables, name))]
    compared = [pair for node in nodes for pair in _compared(node, variables)]
    convolutions = {key: word for key, word in compared if "conv" in word.lower()}
    if not variables or not convolutions:
        return None
    return Listed(tuple(dict.fromkeys(key for key in keys if key not in convolutions)), convolutions)


def _loops(node: ast.AST, name: str) -> Iterator[str]:
    """The variable of `for d in layers`, `for i, d in enumerate(layers)`."""
    if not isinstance(node, ast.For | ast.comprehension):
        return
    over = node.iter.args[0] if isinstance(node.iter, ast.Call) and node.iter.args else node.iter
    target = node.target.elts[-1] if isinstance(node.target, ast.Tuple) else node.target
    if identifier(over) == name and isinstance(target, ast.Name):
        yield target.id


def _read(node: ast.AST, variables: set[str], name: str) -> str:
    """The key of `d["k"]`, `d.get("k", 3)`, `self.layers[i]["k"]`; "" for anything else."""
    if isinstance(node, ast.Subscript):
        holder, key = node.value, node.slice
    elif (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKUPS and node.args
    ):
        holder, key = node.func.value, node.args[0]
    else:
        return ""
    element = isinstance(holder, ast.Subscript) and identifier(holder.value) == name
    known = element or (isinstance(holder, ast.Name) and holder.id in variables)
    return key.value if known and isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _compared(node: ast.AST, variables: set[str]) -> Iterator[tuple[str, str]]:
    """(key, word) of `d["type"] == "conv"`."""
    if isinstance(node, ast.Compare) and (key := _read(node.left, variables, "")):
        for other in node.comparators:
            if isinstance(other, ast.Constant) and isinstance(other.value, str):
                yield key, other.value
