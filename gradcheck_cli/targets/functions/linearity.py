"""Is what a function returns linear in one of its parameters, as far as its text says it? A backward is, in its G."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.spelling import word_set

# Of a product the degrees add up; of these, called on one or on several things, too.
_PRODUCTS = word_set("dot matmul outer einsum tensordot multiply inner vdot kron")
# What leaves it linear: sums, other shapes, other places.
_SAME = word_set(
    "sum mean reshape transpose copy astype flatten ravel squeeze view swapaxes moveaxis repeat tile expand_dims "
    "broadcast_to pad take cumsum flip roll rot90 concatenate hstack vstack stack split array asarray negative T mT "
    "where einsum sumproduct unsqueeze permute contiguous clone reversed list zip"
)
# What holds nothing of what it is called with but its shape.
_SHAPES = word_set("zeros_like ones_like empty_like full_like shape len size zeros ones empty")
# More than linear, or unknown.
_OTHER = 2


def is_linear_in(node: ast.FunctionDef, name: str) -> bool:
    """Is each thing that it returns linear in the parameter, and not all of them free of it?"""
    degrees = _Degrees({name: 1})
    degrees.run(node.body)
    return bool(degrees.returned) and set(degrees.returned) == {1}


class _Degrees:
    """The degree of each name in the parameter: 0 free of it, 1 linear, more anything else."""

    def __init__(self, known: dict[str, int]) -> None:
        self.known = known
        self.returned: list[int] = []

    def run(self, body: Sequence[ast.stmt]) -> None:
        """Go through statements in their order; through a loop once more, for what it hands on."""
        for each in body:
            if isinstance(each, ast.Return):
                self.returned += [self.of(part) for part in _parts(each.value)] if each.value is not None else [_OTHER]
            elif isinstance(each, ast.Assign):
                for target in each.targets:
                    self._put(target, self.of(each.value))
            elif isinstance(each, ast.AugAssign):
                self._put(each.target, self.of(ast.BinOp(_loaded(each.target), each.op, each.value)))
            elif isinstance(each, ast.For):
                self._put(each.target, self.of(each.iter))
                self.run([*each.body, *each.body])
            elif isinstance(each, ast.If):
                self.run([*each.body, *each.orelse])

    def _put(self, target: ast.expr, degree: int) -> None:
        if isinstance(target, ast.Tuple):
            for part in target.elts:
                self._put(part, degree)
        elif isinstance(target, ast.Subscript):
            place = _place(target.value)
            self.known[place] = _highest([self.known.get(place, 0), degree])
        else:
            self.known[_place(target)] = degree

    def of(self, node: ast.expr) -> int:
        """The degree of an expression."""
        match node:
            case ast.Name() | ast.Attribute() if syntax.identifier(node) in _SHAPES:
                return 0
            case ast.Attribute() if node.attr in _SAME:
                return self.of(node.value)
            case ast.Name() | ast.Attribute():
                return self.known.get(_place(node), 0)
            case ast.Subscript():
                return self.of(node.value) if not self.of(node.slice) else _OTHER
            case ast.UnaryOp() | ast.Starred():
                return self.of(node.operand if isinstance(node, ast.UnaryOp) else node.value)
            case ast.BinOp():
                return self._of_two(node)
            case ast.Tuple() | ast.List():
                return _highest(map(self.of, node.elts))
            case ast.Call():
                return self._of_call(node)
        return _highest(map(self.of, _expressions(node))) * _OTHER

    def _of_two(self, node: ast.BinOp) -> int:
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(node.op, ast.Mult | ast.MatMult):
            return left + right
        if isinstance(node.op, ast.Add | ast.Sub):
            return left if left == right or _is_nothing(node.right) else right if _is_nothing(node.left) else _OTHER
        return left if isinstance(node.op, ast.Div) and not right else (left + right) * _OTHER

    def _of_call(self, node: ast.Call) -> int:
        called = syntax.called(node)
        on = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        given = [self.of(each) for each in (*on, *node.args, *(item.value for item in node.keywords))]
        if called in _SHAPES:
            return 0
        if called in _PRODUCTS:
            return sum(given)
        return _highest(given) * (1 if called in _SAME else _OTHER)


def _highest(degrees: Iterable[int]) -> int:
    return max(degrees, default=0)


def _is_nothing(node: ast.expr) -> bool:
    """A plain 0, to which a sum is begun."""
    return isinstance(node, ast.Constant) and node.value == 0


def _parts(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple | ast.List) else [node]


def _expressions(node: ast.AST) -> Iterator[ast.expr]:
    return (each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr))


def _place(node: ast.expr) -> str:
    """Where a value stands: `self.h` is not `h`."""
    return f".{node.attr}" if isinstance(node, ast.Attribute) else syntax.identifier(node)


def _loaded(node: ast.expr) -> ast.expr:
    """What is written to, as it is read."""
    return ast.Name(node.id, ast.Load()) if isinstance(node, ast.Name) else node
