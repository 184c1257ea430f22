"""What one slip turns into another text: exchanges of single expressions and statements, the simplest first.

Each is a function (node, scope) -> what may stand there instead; it knows nothing of gradients.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import combinations, permutations

from gradcheck_cli.diagnose.exchanges_of_indices import counted_index, cut_in_front, other_result_of_einsum
from gradcheck_cli.diagnose.exchanges_of_places import (
    added_at,
    index_of_the_other_edge,
    negated_as_others,
    shifted_back,
)
from gradcheck_cli.diagnose.scope import Exchanged, Scope, before, behind, is_self, span
from gradcheck_cli.diagnose.twins import twins
from gradcheck_cli.mistakes.source import symmetric
from gradcheck_cli.model import syntax
from gradcheck_cli.model.syntax import called

Exchange = Callable[[ast.AST, Scope], Iterator[Exchanged]]
Exchanges = tuple[tuple[Exchange, ...], ...]

# Calls that rearrange, round or cut their first argument: without them it is handed on.
_WRAPS = frozenset(
    (
        *("flip", "flipud", "fliplr", "rot90", "roll", "transpose", "swapaxes", "permute", "moveaxis", "t", "squeeze"),
        *("round", "around", "rint", "floor", "trunc", "clip", "clamp", "abs", "absolute", "sign", "astype", "to"),
        *("float", "half", "int", "long", "float32", "float16", "relu", "tanh"),
    )
)
_IN_PLACE = frozenset((*(f"{name}_" for name in _WRAPS), "clip", "round", "around"))
_NARROW = re.compile(r"^(float32|float16|half|single|bfloat16|u?int(8|16|32|64|p)?|long|short)$")
_OTHER_CALLS = {
    "mean": "sum",
    "average": "sum",
    "empty": "zeros",
    "empty_like": "zeros_like",
    "new_empty": "new_zeros",
    "ones": "zeros",
    "ones_like": "zeros_like",
    "full_like": "zeros_like",
    "float": "double",
}
_COPIES = ("copy", "clone", "array")
# A number beyond is a size of somebody's, and one more or less of it no slip of the hand.
_LARGEST_SLIP = 9
_ORDERED = ("transpose", "permute", "swapaxes", "moveaxis", "reshape")
# All orders of that many axes are tried; of more, each exchange of two.
_ALL_ORDERS = 4
_AXES = tuple(axes for count in (1, 2, 3) for axes in combinations(range(4), count))
_ORDERS_BEFORE_RESHAPE = ((1, 0, 2, 3), (0, 2, 3, 1), (1, 2, 3, 0), (0, 3, 1, 2), (3, 0, 1, 2), (2, 3, 0, 1))


# --- taken away


def _operand(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a of a / b; a and b of a * b and a + b; a of a - b and -a."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Mult | ast.Add | ast.Sub):
        yield Exchanged(ast.unparse(node.left), mark=behind(node, node.left))
        if isinstance(node.op, ast.Mult | ast.Add):
            yield Exchanged(ast.unparse(node.right), mark=before(node, node.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield Exchanged(ast.unparse(node.operand), mark=before(node, node.operand))


def _wrapped(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a of np.flip(a), a.round(3), a.T."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT") and isinstance(node.ctx, ast.Load):
        yield Exchanged(ast.unparse(node.value), mark=behind(node, node.value))
    if not isinstance(node, ast.Call) or called(node) not in _WRAPS:
        return
    if node.args:
        yield Exchanged(ast.unparse(node.args[0]), ast.unparse(node.args[0]))
    if isinstance(node.func, ast.Attribute):
        yield Exchanged(ast.unparse(node.func.value), mark=behind(node, node.func.value))


def _forwards(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a of a[::-1, ::-1], and a[0, :] of a[0, ::-1]."""
    if isinstance(node, ast.Subscript) and any(ast.unparse(part.step or part) == "-1" for part in _slices(node)):
        text = ast.unparse(node).replace("::-1", ":")
        if not set(ast.unparse(node.slice)) - set("(:-1, )..."):
            yield Exchanged(ast.unparse(node.value), mark=behind(node, node.value))
        else:
            yield Exchanged(text, text)


def _statement_gone(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """Without a /= b, a *= b, a -= b, and without np.clip(a, out=a)."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div | ast.Mult | ast.Sub):
        yield Exchanged("pass")
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and called(node.value) in _IN_PLACE:
        yield Exchanged("pass")


# --- replaced


def _assignment(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """= for +=, += for = and -=, -= for +=."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        target, value = ast.unparse(node.target), ast.unparse(node.value)
        for sign in ("=", "+=" if isinstance(node.op, ast.Sub) else "-="):
            text = f"{target} {sign} {value}"
            yield Exchanged(text, text)
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and not isinstance(node.targets[0], ast.Tuple):
        text = f"{ast.unparse(node.targets[0])} += {ast.unparse(node.value)}"
        yield Exchanged(text, text)


def _other_call(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """The sum for the mean, zeros for memory that nobody wrote, for ones and for a copy."""
    if not isinstance(node, ast.Call):
        return
    name = called(node)
    if isinstance(node.func, ast.Attribute) and name in _OTHER_CALLS:
        text = f"{_member(node.func.value, _OTHER_CALLS[name])}({_arguments(node)})"
        yield Exchanged(text, text)
    if name in _COPIES:
        source = node.args[0] if node.args else getattr(node.func, "value", None)
        if source is not None:
            text = f"{ast.unparse(source)} * 0"
            yield Exchanged(text, text)


def _member(value: ast.expr, name: str) -> str:
    """a.name, (a > b).name"""
    return ast.unparse(ast.Attribute(value, name, ast.Load()))


def _arguments(node: ast.Call) -> str:
    return ", ".join([*map(ast.unparse, node.args), *map(ast.unparse, node.keywords)])


def _axes(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """Other axes of a sum."""
    if not isinstance(node, ast.Call) or called(node) not in ("sum", "mean", "flip", "rot90", "max"):
        return
    keyword = next((each for each in node.keywords if each.arg in ("axis", "dim", "axes", "dims")), None)
    args = [ast.unparse(each) for each in node.args]
    others = [ast.unparse(each) for each in node.keywords if each is not keyword]
    if keyword is not None:
        for axes in _AXES:
            changed = f"{keyword.arg}={_as_written(axes)}"
            text = f"{ast.unparse(node.func)}({', '.join([*args, *others, changed])})"
            yield Exchanged(text, changed, span(keyword))
        return
    places = [place for place, each in enumerate(node.args) if _are_axes(each)]
    kept = args[: places[-1]] if places else args
    for axes in _AXES:
        changed = _as_written(axes)
        text = f"{ast.unparse(node.func)}({', '.join([*kept, changed, *others])})"
        yield Exchanged(text, changed, span(node.args[places[-1]])) if places else Exchanged(text, text)


def _as_written(axes: tuple[int, ...]) -> str:
    return str(axes) if len(axes) > 1 else str(axes[0])


def _are_axes(node: ast.AST) -> bool:
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    return all(isinstance(part, ast.Constant | ast.UnaryOp) for part in parts)


def _sign(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a - b for a + b, and the other way round."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        sign = "-" if isinstance(node.op, ast.Add) else "+"
        text = f"{ast.unparse(node.left)} {sign} ({ast.unparse(node.right)})"
        yield Exchanged(text, f"{sign} {ast.unparse(node.right)}", behind(node, node.left))


def _product(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """a[i] * b for a[i] + b, of arrays and their parts alone: sums of places stand everywhere."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return
    if _is_array(node.left, scope) and _is_array(node.right, scope):
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        yield Exchanged(f"{left} * {right}", f"* {right}", behind(node, node.left))


def _is_array(node: ast.expr, scope: Scope) -> bool:
    """An array by its name, or a part of something that has one; `x.shape[2]` is a size."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name)
    return isinstance(node, ast.Name) and node.id in scope.arrays


def _comparison(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """<= for <, and the like."""
    others = {"Lt": "<=", "LtE": "<", "Gt": ">=", "GtE": ">"}
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]).__name__ in others:
        sign = others[type(node.ops[0]).__name__]
        text = f"{ast.unparse(node.left)} {sign} {ast.unparse(node.comparators[0])}"
        yield Exchanged(text, text)


def _number(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """One more, one less."""
    if isinstance(node, ast.Constant) and type(node.value) is int and 0 <= node.value <= _LARGEST_SLIP:
        for other in (node.value + 1, node.value - 1):
            yield Exchanged(str(other), str(other))


def _twin(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """The name of the other axis; another variable of a loop."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        others = [*twins(node.id, scope.known), *(scope.loops if node.id in scope.loops else ())]
        yield from (Exchanged(other, other) for other in dict.fromkeys(others) if other != node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and is_self(node.value):
        yield from (Exchanged(other, other) for other in twins(ast.unparse(node), scope.known))


def _wide(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """float64 for a narrower type and for integers."""
    if isinstance(node, ast.Attribute) and _NARROW.match(node.attr) and not isinstance(node.ctx, ast.Store):
        text = f"{ast.unparse(node.value)}.float64"
        yield Exchanged(text, text)
    if isinstance(node, ast.Name) and node.id == "int":
        yield Exchanged("float", "float")
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NARROW.match(node.value):
        yield Exchanged("'float64'", "'float64'")


def _margin(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """a[p:-p] that is whole where p = 0; of a number in place of p, the padding itself."""
    if not isinstance(node, ast.Subscript) or not any(symmetric(part) for part in _slices(node)):
        return
    for name in ("", *scope.paddings):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        texts = [_stripped(part, name) for part in parts]
        text = f"{ast.unparse(node.value)}[{', '.join(texts)}]"
        yield Exchanged(text, text)


def _stripped(part: ast.expr, name: str) -> str:
    if not isinstance(part, ast.Slice) or not symmetric(part) or part.lower is None:
        return ast.unparse(part)
    margin = name or ast.unparse(part.lower)
    return f"{margin}:-{margin} or None"


def _slices(node: ast.Subscript) -> list[ast.Slice]:
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return [part for part in parts if isinstance(part, ast.Slice)]


def _order(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """Another order of axes."""
    if not isinstance(node, ast.Call) or called(node) not in _ORDERED:
        return
    listed = [place for place, each in enumerate(node.args) if isinstance(each, ast.Tuple | ast.List)]
    if listed:
        inside = node.args[listed[-1]]
        assert isinstance(inside, ast.Tuple | ast.List)
        for order in _orders([ast.unparse(each) for each in inside.elts]):
            args = [*map(ast.unparse, node.args)]
            args[listed[-1]] = changed = f"({', '.join(order)})"
            yield Exchanged(f"{ast.unparse(node.func)}({', '.join(args)})", changed, span(inside))
        return
    for order in _orders([ast.unparse(each) for each in node.args]):
        text = f"{ast.unparse(node.func)}({', '.join(order)})"
        yield Exchanged(text, text)


def _orders(texts: list[str]) -> Iterator[tuple[str, ...]]:
    if len(texts) <= _ALL_ORDERS:
        yield from (order for order in permutations(texts) if list(order) != texts)
        return
    for one, other in combinations(range(len(texts)), 2):
        swapped = list(texts)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        yield tuple(swapped)


# --- added


def _one_more(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """range(n + 1) for range(n)."""
    if isinstance(node, ast.Call) and called(node) == "range" and node.args and len(node.args) < 3:
        end = node.args[-1]
        if not isinstance(end, ast.Constant):
            args = [*map(ast.unparse, node.args[:-1]), f"{ast.unparse(end)} + 1"]
            yield Exchanged(f"range({', '.join(args)})", f"range({', '.join(args)})")


def _strided(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """a[i * s:i * s + k] for a[i:i + k], (i * s, j * s) for (i, j), i * s for i, in one axis or in all."""
    if isinstance(node, ast.Name) and node.id in scope.loops and isinstance(node.ctx, ast.Load):
        yield from (Exchanged(text, text) for text in (f"{node.id} * {stride}" for stride in scope.strides))
    if not isinstance(node, ast.Subscript | ast.Tuple) or not isinstance(node.ctx, ast.Load):
        return
    if isinstance(node, ast.Tuple) and any(isinstance(each, ast.Slice) for each in node.elts):
        return  # the inside of a subscript, which is changed as a whole
    part = node.slice if isinstance(node, ast.Subscript) else node
    inside = [name for name in scope.loops if any(getattr(each, "id", "") == name for each in ast.walk(part))]
    for stride in scope.strides:
        for names in [inside, *([name] for name in inside if len(inside) > 1)]:
            if names:
                text = ast.unparse(_Strided(names, stride).visit(syntax.parse_expression(ast.unparse(node))))
                yield Exchanged(text, text)


class _Strided(ast.NodeTransformer):
    """Each of these names times the stride."""

    def __init__(self, names: list[str], stride: str) -> None:
        self._names, self._stride = names, stride

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The product, where it is one of them and is read."""
        if node.id not in self._names or not isinstance(node.ctx, ast.Load):
            return node
        return syntax.parse_expression(f"{node.id} * {self._stride}").body


def _sibling(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a[p:p + h, p:p + w] for a[p:p + h, :w]: what one axis has and the other lacks."""
    if not isinstance(node, ast.Subscript):
        return
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    begins = dict.fromkeys(ast.unparse(part.lower) for part in _slices(node) if part.lower is not None)
    for place, part in enumerate(parts):
        if isinstance(part, ast.Slice) and part.lower is None and part.upper is not None:
            for begin in begins:
                texts = [*map(ast.unparse, parts)]
                texts[place] = f"{begin}:{begin} + {ast.unparse(part.upper)}"
                yield Exchanged(f"{ast.unparse(node.value)}[{', '.join(texts)}]", texts[place], span(part))


def _turned(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """An array turned by 180 degrees, or transposed."""
    is_array = isinstance(node, ast.Name) and node.id in scope.arrays
    is_part = isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in scope.arrays
    if (is_array or is_part) and isinstance(getattr(node, "ctx", None), ast.Load):
        for text in (f"{ast.unparse(node)}[..., ::-1, ::-1]", f"{ast.unparse(node)}.T"):
            yield Exchanged(text, text)


def _other_array(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """Another array."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in scope.arrays:
        yield from (Exchanged(other, other) for other in scope.arrays if other != node.id)


def _transposed_first(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a.transpose(...).reshape(...) for a.reshape(...)."""
    if isinstance(node, ast.Call) and called(node) in ("reshape", "view") and isinstance(node.func, ast.Attribute):
        for order in _ORDERS_BEFORE_RESHAPE:
            head = f"{_member(node.func.value, 'transpose')}{order}"
            yield Exchanged(f"{head}.reshape({_arguments(node)})", f"{head}.reshape({_arguments(node)})")


EXCHANGES: Exchanges = (
    (_operand, _wrapped, _forwards, _statement_gone),
    (
        _assignment,
        _other_call,
        _axes,
        _sign,
        _product,
        _comparison,
        _number,
        _twin,
        _wide,
        _margin,
        _order,
        shifted_back,
        negated_as_others,
        added_at,
        index_of_the_other_edge,
    ),
    (
        counted_index,
        other_result_of_einsum,
        _one_more,
        _strided,
        _sibling,
        cut_in_front,
        _turned,
        _other_array,
        _transposed_first,
    ),
)
"""By what they suppose: something is too much; something else is meant; something is missing."""
