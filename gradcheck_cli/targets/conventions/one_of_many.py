"""What a call hands over only the first of: `backward(G[0], x[0, 0])` is about one image with one channel.

Asked about more of them, the call itself would leave the rest out, and code that is right would look wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gradcheck_cli.model import ConvSpec, syntax


@dataclass(frozen=True)
class Single:
    """The words of a call that take one of many, and what there must be one of."""

    text: str
    what: str
    count: Callable[[ConvSpec], int]

    def refuses(self, spec: ConvSpec) -> str:
        """Why the call cannot hand over `spec`; "" when it can."""
        count = self.count(spec)
        return f"--call hands over {self.text}, one of {count} {self.what}" if count > 1 else ""


Counted: TypeAlias = tuple[str, Callable[[ConvSpec], int]]
"""What an axis counts, and how many there are."""

_IMAGES: Counted = ("images", lambda spec: spec.batch)
_CHANNELS: Counted = ("channels", lambda spec: spec.in_channels)
_FILTERS: Counted = ("filters", lambda spec: spec.out_channels)
_GROUP: Counted = ("channels of a group", lambda spec: spec.in_channels // spec.groups)
# Of the leading axes of an array.
_COUNTED: Mapping[str, tuple[Counted, ...]] = {
    "x": (_IMAGES, _CHANNELS),
    "weight": (_FILTERS, _GROUP),
    "bias": (_FILTERS,),
    "grad_output": (_IMAGES, _FILTERS),
}


def singles(expression: str, arrays: Mapping[str, Collection[str]]) -> tuple[Single, ...]:
    """All of them, from the leading axes of the arrays.

    Args:
        expression: valid Python.
        arrays: array -> its names in the expression.
    """
    tree = syntax.parse_expression(expression)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found: list[Single] = []
    for array, counted in _COUNTED.items():
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in arrays[array]]
        uses = [_Use.of(name, parents) for name in names if not _is_measured(name, parents)]
        for axis, (what, count) in enumerate(counted):
            if uses and all(axis in use.axes for use in uses):
                found.append(Single(uses[0].text, what, count))
    return tuple(found)


@dataclass(frozen=True)
class _Use:
    """An array with all the subscripts behind it; `axes` are those of which one element is taken."""

    text: str
    axes: frozenset[int]

    @classmethod
    def of(cls, name: ast.Name, parents: Mapping[ast.AST, ast.AST]) -> _Use:
        node: ast.AST = name
        left, taken = [0, 1], set()
        while isinstance(parent := parents.get(node), ast.Subscript) and parent.value is node:
            picked = [isinstance(item, ast.Constant) and type(item.value) is int for item in _items(parent)]
            if any(_adds_axes(item) for item in _items(parent)):
                break
            taken |= {axis for axis, is_one in zip(left, picked, strict=False) if is_one}
            left, node = [axis for axis in left if axis not in taken], parent
        return cls(ast.unparse(node), frozenset(taken))


def _items(subscript: ast.Subscript) -> list[ast.expr]:
    inner = subscript.slice
    return list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]


def _adds_axes(item: ast.expr) -> bool:
    """`...` and `None` move what comes behind them to other axes."""
    return isinstance(item, ast.Constant) and type(item.value) is not int


def _is_measured(name: ast.Name, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Only its size is read: `x.shape[2]`, `len(w)`."""
    parent = parents.get(name)
    if isinstance(parent, ast.Attribute):
        return parent.attr in ("shape", "size", "ndim", "dtype")
    return isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id == "len"
