"""What one slip turns into another index: a loop's variable for a number, a margin in front, the axes of an einsum."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import permutations

from gradcheck_cli.diagnose.scope import Exchanged, Scope, span
from gradcheck_cli.model.syntax import called

# All orders of that many letters are tried.
_ALL_ORDERS = 4


def counted_index(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """a[n, c] for a[n, 0]: the variable of a loop for a number that stands still."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple):
        return
    for place, part in enumerate(node.slice.elts):
        if isinstance(part, ast.Constant) and type(part.value) is int:
            for name in scope.loops:
                yield Exchanged(_with(node, node.slice.elts, {place: name}), name, span(part))


def cut_in_front(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """a[p:p + h, p:p + w] for a[:h, :w]"""
    if not isinstance(node, ast.Subscript):
        return
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    ends = {place: _end_of_first(part) for place, part in enumerate(parts)}
    for padding in scope.paddings if any(ends.values()) else ():
        text = _with(node, parts, {place: f"{padding}:{padding} + {end}" for place, end in ends.items() if end})
        yield Exchanged(text, text)


def _end_of_first(part: ast.expr) -> str:
    """h of `:h`; "" of another index."""
    is_first = isinstance(part, ast.Slice) and part.lower is None and part.step is None
    end = part.upper if isinstance(part, ast.Slice) and is_first else None
    return "" if end is None else ast.unparse(end)


def _with(node: ast.Subscript, parts: list[ast.expr], others: dict[int, str]) -> str:
    """The subscript with other texts at some places."""
    texts = [others.get(place, ast.unparse(part)) for place, part in enumerate(parts)]
    return f"{ast.unparse(node.value)}[{', '.join(texts)}]"


def other_result_of_einsum(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """'nol,nkl->ok' for 'nol,nkl->ko': another order of the axes of the result."""
    if not isinstance(node, ast.Call) or called(node) != "einsum" or not node.args:
        return
    first = node.args[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return
    given, arrow, result = first.value.partition("->")
    letters = result.strip()
    if not arrow or not letters.isalpha() or not 1 < len(letters) <= _ALL_ORDERS:
        return
    rest = "".join(f", {ast.unparse(part)}" for part in (*node.args[1:], *node.keywords))
    for order in permutations(letters):
        if "".join(order) != letters:
            said = repr(f"{given}->{''.join(order)}")
            yield Exchanged(f"{ast.unparse(node.func)}({said}{rest})", said, span(first))
