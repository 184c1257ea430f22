"""The slips of the pen that people make in a backward, one at a time in right code: the code of every layer."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.layers.known import KnownLayer


@dataclass(frozen=True)
class Slip:
    """A backward with one slip. `what` says it for a reader: the expression as it was, and as it is."""

    what: str
    code: str


def slips(code: str) -> Iterator[Slip]:
    """Every slip of this code, each text once."""
    tree = ast.parse(code)
    seen = {ast.unparse(tree)}
    for place, node in enumerate(ast.walk(tree)):
        for other in _others(node, _names(tree)):
            changed = _Replaced(place, other).on(tree)
            text = ast.unparse(changed)
            if text not in seen:
                seen.add(text)
                yield Slip(f"{ast.unparse(node)} -> {ast.unparse(other)}", text)


def results(layer: KnownLayer, code: str, values, grad_output) -> dict[str, np.ndarray] | None:
    """The gradients that a code gives; None where it raises, or some have another shape."""
    each = grad_output if isinstance(grad_output, tuple) else (grad_output,)
    names = {"np": np, **copy.deepcopy(dict(values)), **dict(zip(layer.upstreams, copy.deepcopy(each), strict=True))}
    try:
        with np.errstate(all="ignore"):
            exec(code, names)
        found = {name: np.asarray(names[f"d{name}"], np.float64) for name in layer.differentiated}
    except Exception:
        return None
    return found


def _names(tree: ast.AST) -> list[str]:
    """What the code reads and gives a value, but for modules and functions."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    return [name for name in dict.fromkeys(found) if name not in ("np", "range", "len")]


def _others(node: ast.AST, names: list[str]) -> Iterator[ast.expr | ast.stmt]:
    """What somebody may write in the place of this."""
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (left, right, ast.BinOp(left, ast.Sub(), right))
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield from (left, ast.UnaryOp(ast.USub(), right), ast.BinOp(left, ast.Add(), right))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from (left, right)
        case ast.BinOp(left=left, op=ast.Div() | ast.Pow()):
            yield left
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield from (ast.BinOp(_turned(left), ast.MatMult(), right), ast.BinOp(left, ast.MatMult(), _turned(right)))
        case ast.Call(
            func=ast.Attribute(value=value, attr="sum" | "mean" as attr) as func, args=args, keywords=keywords
        ):
            other = "mean" if attr == "sum" else "sum"
            yield ast.Call(ast.Attribute(value, other, func.ctx), args, keywords)
            yield value
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="add"), attr="at"), args=[array, index, added]):
            yield _assigned(array, index, added)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.Compare(left=left, ops=[ast.Gt()], comparators=comparators):
            yield ast.Compare(left, [ast.Lt()], comparators)
        case ast.AugAssign(target=target, value=value):
            yield ast.Assign([target], value, lineno=1)
        case ast.Name(id=name, ctx=ast.Load()) if name in names:
            yield from (ast.Name(other, ast.Load()) for other in names if other != name)


def _turned(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _assigned(array: ast.expr, index: ast.expr, added: ast.expr) -> ast.expr:
    """An index that repeats then counts once. An expression, since it stands where a call stood."""
    return ast.Call(ast.Attribute(array, "__setitem__", ast.Load()), [index, added], [])


class _Replaced(ast.NodeTransformer):
    """A copy of a tree in which the node at one place of the walk is another."""

    def __init__(self, place: int, other: ast.AST) -> None:
        self.place, self.other = place, other

    def on(self, tree: ast.AST) -> ast.AST:
        """The copy."""
        fresh = copy.deepcopy(tree)
        self.target = list(ast.walk(fresh))[self.place]
        return ast.fix_missing_locations(self.visit(fresh))

    def visit(self, node: ast.AST) -> ast.AST:
        """Replace the one node, and look into all others."""
        return copy.deepcopy(self.other) if node is self.target else super().generic_visit(node)
