"""What one slip turns into another place: a shift the other way round, an entry that comes twice, the other edge."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.diagnose.scope import Exchanged, Scope, span
from gradcheck_cli.model.syntax import called, names_within, parse_expression

_SHIFTS = ("roll", "shift", "circshift")
# What a shift is called where it is said by its name.
_SHIFT_NAMES = ("shift", "shifts")


def shifted_back(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """np.roll(g, -s) for np.roll(g, s): the way back of a shift is the other way round."""
    if not isinstance(node, ast.Call) or called(node) not in _SHIFTS:
        return
    named = next((each.value for each in node.keywords if each.arg in _SHIFT_NAMES), None)
    of_module = isinstance(node.func, ast.Name) or ast.unparse(getattr(node.func, "value", node)) in ("np", "torch")
    place = 1 if of_module else 0
    shift = named if named is not None else node.args[place] if len(node.args) > place else None
    if shift is None:
        return
    turned = _turned(shift)
    args = [turned if each is shift else ast.unparse(each) for each in node.args]
    args += [f"{each.arg}={turned if each.value is shift else ast.unparse(each.value)}" for each in node.keywords]
    yield Exchanged(f"{ast.unparse(node.func)}({', '.join(args)})", turned, span(shift))


def _turned(shift: ast.expr) -> str:
    """-s of s and s of -s, b - a of a - b, of several one by one."""
    if isinstance(shift, ast.Tuple | ast.List):
        return ast.unparse(ast.Tuple([parse_expression(_turned(part)).body for part in shift.elts], ast.Load()))
    if isinstance(shift, ast.UnaryOp) and isinstance(shift.op, ast.USub):
        return ast.unparse(shift.operand)
    if isinstance(shift, ast.BinOp) and isinstance(shift.op, ast.Sub):
        return ast.unparse(ast.BinOp(shift.right, ast.Sub(), shift.left))
    return ast.unparse(ast.UnaryOp(ast.USub(), shift))


def negated_as_others(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """shift(g, -i, -j) for shift(g, -i, j): one argument beside others that are negated."""
    if not isinstance(node, ast.Call) or not any(_is_negated(each) for each in node.args):
        return
    for place, each in enumerate(node.args):
        if place and isinstance(each, ast.Name):
            args = [ast.unparse(other) for other in node.args]
            args[place] = f"-{args[place]}"
            rest = [ast.unparse(other) for other in node.keywords]
            yield Exchanged(f"{ast.unparse(node.func)}({', '.join([*args, *rest])})", args[place], span(each))


def _is_negated(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Name)


def added_at(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """np.add.at(dx, i, g) for dx[i] += g: an array of numbers that holds one twice adds there once."""
    if not isinstance(node, ast.AugAssign) or not isinstance(node.op, ast.Add) or "np" not in scope.known:
        return
    if not isinstance(node.target, ast.Subscript):
        return
    index = node.target.slice
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    if any(isinstance(part, ast.Name | ast.Attribute | ast.Subscript) for part in parts):
        array, value = ast.unparse(node.target.value), ast.unparse(node.value)
        text = f"np.add.at({array}, np.s_[{', '.join(map(ast.unparse, parts))}], {value})"
        yield Exchanged(text, text)


def index_of_the_other_edge(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """W - 1 - r + t for W - r - t, where rows have H - 1 - r + t: another index of the function in the same names."""
    own = ast.unparse(node) if isinstance(node, ast.BinOp) else ""
    if own not in scope.indices:
        return
    names = names_within(node)
    for other, letters in scope.indices.items():
        if other != own and letters == names:
            yield Exchanged(other, other)
