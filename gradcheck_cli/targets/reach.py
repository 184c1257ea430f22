"""What the target reaches in its own file: the definitions that it uses, and the whole numbers in them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np

from gradcheck_cli.targets.resolve import Definition, definitions

# Numbers in these calls and keywords name axes, seeds and texts, never sizes.
_NO_SIZES = frozenset(
    (
        *("transpose", "permute", "swapaxes", "moveaxis", "rollaxis", "rot90", "flip", "expand_dims", "squeeze"),
        *("sum", "mean", "max", "min", "any", "all", "tensordot", "concatenate", "stack", "dot", "unsqueeze"),
        *("print", "format", "seed", "default_rng", "manual_seed", "RandomState", "round", "warn", "log"),
    )
)
_NO_SIZE_KEYWORDS = frozenset(("axis", "axes", "dim", "dims", "seed", "decimals", "ndim", "ndmin"))
_FOLDED: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.LShift: operator.lshift,
    ast.Pow: operator.pow,
}
# 2 ** 10 is still a size; a larger power is none, and may take for ever to compute.
_LARGEST_FOLDED = 10
# Beyond it no block is met by any geometry that can be asked in time.
LARGEST = 256
# In a comparison it may be about a whole array, `if x.size > 5000`; more entries cost plain loops too much.
LARGEST_COMPARED = 12_000


def reached(tree: ast.Module, name: str) -> dict[str, Definition]:
    """Definitions of the file that `name` uses, itself first: dotted name -> definition.

    A class stands for all its methods; from a method, the methods of its class that it calls are reached.
    """
    known, imported = definitions(tree), _imported(tree)
    found: dict[str, Definition] = {}
    waiting = [name]
    while waiting:
        dotted = waiting.pop()
        if dotted in known and dotted not in found:
            found[dotted] = known[dotted]
            waiting += _used(known[dotted], dotted, known, imported)
    return found


def used_functions(tree: ast.Module, names: Sequence[str]) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions and methods of the file that these use, themselves included; a class brings none of its methods."""
    known = {name: node for name, node in definitions(tree).items() if not isinstance(node, ast.ClassDef)}
    imported = _imported(tree)
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    waiting = list(names)
    while waiting:
        dotted = waiting.pop()
        if dotted in known and dotted not in found:
            found[dotted] = known[dotted]
            waiting += _used(known[dotted], dotted, known, imported)
    return list(found.values())


def _imported(tree: ast.Module) -> frozenset[str]:
    """Names of modules, and of what comes from them."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return frozenset((alias.asname or alias.name).partition(".")[0] for node in nodes for alias in node.names)


def _used(node: Definition, dotted: str, known: Mapping[str, Definition], imported: Collection[str]) -> Iterator[str]:
    owner = dotted.rpartition(".")[0] or dotted
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in known:
            yield inner.id
        elif isinstance(inner, ast.Attribute) and f"{owner}.{inner.attr}" in known and not _is_others(inner, imported):
            yield f"{owner}.{inner.attr}"


def _is_others(node: ast.Attribute, imported: Collection[str]) -> bool:
    """`math.exp`, or `g.sum`, where g is not `self`: whatever methods the class of the file has."""
    if isinstance(node.value, ast.Name) and node.value.id in imported:
        return True
    owned = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
    return not owned and hasattr(np.ndarray, node.attr)


def constants(tree: ast.Module, name: str, values: Mapping[str, object]) -> tuple[int, ...]:
    """Whole numbers that may be sizes in the code that `name` reaches, those of comparisons and ranges first.

    Args:
        tree: the file.
        name: the target, or the class that holds it.
        values: the file's namespace, for its own constants.
    """
    likely: dict[int, None] = {}
    others: dict[int, None] = {}
    for node in reached(tree, name).values():
        for number, tells in _numbers(node, values):
            if 2 < number <= (LARGEST_COMPARED if tells else LARGEST):
                (likely if tells else others)[number] = None
    return tuple(dict.fromkeys((*likely, *others)))


def _numbers(node: ast.AST, values: Mapping[str, object], tells: bool = False) -> Iterator[tuple[int, bool]]:
    """(number, whether it stands in a comparison, a range or a slice)."""
    number = _folded(node)
    if number is not None:
        yield abs(number), tells
        return
    if isinstance(node, ast.Name):
        yield from ((one, tells) for one in _own(values.get(node.id)))
    tells = tells or isinstance(node, ast.Compare | ast.Slice) or _called(node) == "range"
    for child in ast.iter_child_nodes(node):
        if not _names_no_size(child, node):
            yield from _numbers(child, values, tells)


def _own(value: object) -> Iterator[int]:
    """Whole numbers that a name of the file stands for."""
    for one in value if isinstance(value, tuple | list) else (value,):
        if isinstance(one, int) and not isinstance(one, bool):
            yield abs(one)


def _names_no_size(node: ast.AST, parent: ast.AST) -> bool:
    """Places of axes (`x.shape[3]`, `.sum((0, 2, 3))`), seeds and texts."""
    if isinstance(parent, ast.Subscript):
        return isinstance(parent.value, ast.Attribute) and parent.value.attr in ("shape", "strides")
    if isinstance(node, ast.keyword):
        return node.arg in _NO_SIZE_KEYWORDS
    return isinstance(node, ast.JoinedStr) or (_called(parent) in _NO_SIZES and _is_literal(node))


def _is_literal(node: ast.AST) -> bool:
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    return all(_folded(part.operand if isinstance(part, ast.UnaryOp) else part) is not None for part in parts)


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _folded(node: ast.AST) -> int | None:
    """A whole number, also spelled `4 * 8`, `1 << 5` or `2 ** 6`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, int) and not isinstance(node.value, bool) else None
    if not isinstance(node, ast.BinOp) or type(node.op) not in _FOLDED:
        return None
    left, right = _folded(node.left), _folded(node.right)
    if left is None or right is None:
        return None
    if isinstance(node.op, ast.Pow | ast.LShift) and not 0 <= right <= _LARGEST_FOLDED:
        return None
    return _FOLDED[type(node.op)](left, right)
