"""Names that stand for one number all over a file: `EPS = 1e-12`, `def loss(p, eps=1e-9)`, `self.eps = 1e-8`."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping


def named_numbers(tree: ast.AST) -> dict[str, float]:
    """Name, or attribute, -> its number; none that is anything else somewhere in the file."""
    found: dict[str, set[float | None]] = {}
    for name, value in _set(tree):
        is_itself = getattr(value, "id", getattr(value, "attr", "")) == name  # self.eps = eps
        if not is_itself:
            found.setdefault(name, set()).add(_number(value))
    return {
        name: next(number for number in numbers if number is not None)
        for name, numbers in found.items()
        if len(numbers) == 1 and None not in numbers
    }


def with_numbers(node: ast.expr, numbers: Mapping[str, float]) -> ast.expr:
    """An expression with the numbers in the place of their names."""
    return _Filled(numbers).visit(copy.deepcopy(node)) if numbers else node


def _set(tree: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Each name that is set somewhere, and to what; None where that cannot be read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _bound(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            yield from _bound(node.target, node.value)
        elif isinstance(node, ast.AugAssign | ast.For | ast.comprehension):
            yield from _bound(node.target, None)
        elif isinstance(node, ast.arguments):
            yield from _defaults(node)


def _bound(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(target, ast.Name | ast.Attribute):
        yield getattr(target, "id", getattr(target, "attr", "")), value
    elif isinstance(target, ast.Tuple | ast.List):
        for one in target.elts:
            yield from _bound(one, None)


def _defaults(given: ast.arguments) -> Iterator[tuple[str, ast.expr | None]]:
    """Parameters; of those without a default nobody knows the number."""
    plain = [*given.posonlyargs, *given.args]
    lacking = len(plain) - len(given.defaults)
    yield from ((each.arg, None) for each in plain[:lacking])
    yield from ((each.arg, default) for each, default in zip(plain[lacking:], given.defaults, strict=True))
    yield from ((each.arg, default) for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True))


def _number(node: ast.expr | None) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    is_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    return float(node.value) if is_number else None  # type: ignore[union-attr]


class _Filled(ast.NodeTransformer):
    def __init__(self, numbers: Mapping[str, float]) -> None:
        self._numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._filled(node, node.id)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self._filled(node, node.attr)

    def _filled(self, node: ast.expr, name: str) -> ast.expr:
        return ast.copy_location(ast.Constant(self._numbers[name]), node) if name in self._numbers else node
