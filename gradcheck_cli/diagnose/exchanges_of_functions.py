"""What one slip turns into another text where any function is differentiated: powers, factors, operands, reductions.

They come on top of `exchanges.EXCHANGES`, whose padding and windows a loss does not have.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping

from gradcheck_cli.diagnose.exchanges import EXCHANGES, Exchanges
from gradcheck_cli.diagnose.scope import Exchanged, Scope, before, is_self, span
from gradcheck_cli.model.syntax import called, names_within

# Whose function a reduction may be, in the place of an array's method.
_MODULES = ("np", "numpy", "torch", "xp")
# Calls that are left out, or forgotten, around an operand.
_ROOTS = frozenset(("sqrt", "exp", "log", "square", "abs", "tanh"))
_OTHER_FUNCTIONS = {
    "sin": "cos",
    "cos": "sin",
    "maximum": "minimum",
    "minimum": "maximum",
    "sqrt": "square",
    "sum": "mean",
}
_REVERSED = {"Lt": ">", "LtE": ">=", "Gt": "<", "GtE": "<=", "Eq": "!=", "NotEq": "=="}
# What leaves an axis out, or keeps it with the length 1.
_REDUCTIONS = frozenset(("sum", "mean", "max", "min", "prod", "var", "std", "amax", "amin", "logsumexp"))
# Pairs of terms of one sum that may stand in each other's place; a formula has two or three.
_MOST_TERMS = 4
# The other of the two axes of rows.
_ACROSS = {"0": "1", "1": "0", "-1": "0"}
# As a gradient that was broadcast in the forward is summed: over the batch, over all but the last, along each row.
_SUMS = (".sum(axis=0)", ".sum(axis=0, keepdims=True)", ".sum(axis=-1, keepdims=True)", ".sum(axis=1)", ".sum()")


def _power_gone(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a of a ** 2, and of np.sqrt(a)."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield Exchanged(ast.unparse(node.left), ast.unparse(node.left))
    if isinstance(node, ast.Call) and called(node) in _ROOTS and len(node.args) == 1:
        yield Exchanged(ast.unparse(node.args[0]), ast.unparse(node.args[0]))


def _squared(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """a ** 2 for a."""
    if name := _value(node, scope):
        yield Exchanged(f"{name} ** 2", f"{name} ** 2")


def _reduction_gone(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a of np.sum(a) and of a.sum(axis=0)."""
    if isinstance(node, ast.Call) and called(node) in _REDUCTIONS and isinstance(node.func, ast.Attribute):
        is_of_module = ast.unparse(node.func.value) in _MODULES
        reduced = node.args[0] if is_of_module and node.args else None if is_of_module else node.func.value
        if reduced is not None:
            yield Exchanged(_bracketed(reduced), _bracketed(reduced))


def _complement(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """(1 - s) for s, and s for 1 - s."""
    if name := _value(node, scope):
        yield Exchanged(f"(1 - {name})", f"(1 - {name})")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and ast.unparse(node.left) in ("1", "1.0"):
        yield Exchanged(_bracketed(node.right), mark=before(node, node.right))


def _other_exponent(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a ** 3 and a for a ** 2.0: an exponent one more, one less; whole numbers are changed wherever they stand."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant):
        power = node.right.value
        if isinstance(power, float) and power.is_integer():
            for other in (power + 1, power - 1):
                yield Exchanged(f"{_bracketed(node.left)} ** {other}", str(other), span(node.right))


def _other_function(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """cos for sin, the smaller for the larger, the mean for the sum."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _OTHER_FUNCTIONS:
        name = f"{_bracketed(node.func.value)}.{_OTHER_FUNCTIONS[node.func.attr]}"
        text = f"{name}({', '.join([*map(ast.unparse, node.args), *map(ast.unparse, node.keywords)])})"
        yield Exchanged(text, text)


def _reversed(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """> for <."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]).__name__ in _REVERSED:
        sign = _REVERSED[type(node.ops[0]).__name__]
        text = f"{ast.unparse(node.left)} {sign} {ast.unparse(node.comparators[0])}"
        yield Exchanged(text, text)


def _product(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """b @ a, a.T @ b and a @ b.T for a @ b; * for /, and b / a for a * b and for a / b."""
    if not isinstance(node, ast.BinOp):
        return
    left, right = _bracketed(node.left), _bracketed(node.right)
    if isinstance(node.op, ast.MatMult):
        for text in (f"{right} @ {left}", f"{left}.T @ {right}", f"{left} @ {right}.T", f"{left} * {right}"):
            yield Exchanged(text, text)
    if isinstance(node.op, ast.Div | ast.Mult):
        changed = f"{'*' if isinstance(node.op, ast.Div) else '/'} {right}"
        yield Exchanged(f"{left} {changed}", changed, (*span(node.left)[2:], *span(node)[2:]))
        yield Exchanged(f"{right} / {left}", f"{right} / {left}")


def _summed_product(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """(a * b).sum(0) for a.sum(0)."""
    if (
        not isinstance(node, ast.Call)
        or called(node) not in ("sum", "mean")
        or not isinstance(node.func, ast.Attribute)
    ):
        return
    summed, given = _bracketed(node.func.value), [*map(ast.unparse, node.args), *map(ast.unparse, node.keywords)]
    for name in sorted(scope.values) if summed not in _MODULES else ():
        text = f"({summed} * {name}).{node.func.attr}({', '.join(given)})"
        yield Exchanged(text, f"({summed} * {name})", span(node.func.value))


def _other_value(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """Another of the function's own values: x for x_hat."""
    if name := _value(node, scope):
        yield from (Exchanged(other, other) for other in sorted(scope.values) if other != name)


def _other_throughout(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """segsum(pg, r, n)[r] for segsum(pg, c, n)[c]: one value wherever another stands in a statement."""
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Return) or node.value is None:
        return
    read = [name for each in ast.walk(node.value) if (name := _value(each, scope))]
    for name in sorted(set(read)):
        for other in sorted(scope.values - {name}) if read.count(name) > 1 else ():
            text = re.sub(rf"(?<![\w.]){re.escape(name)}(?!\w)", other, ast.unparse(node.value))
            yield Exchanged(_with(node, node.value, text), text, span(node.value))


def _setting(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """slope for 0.1: what it is given, where a number stands that it may be at its default."""
    if isinstance(node, ast.Constant) and type(node.value) is float and not node.value.is_integer():
        yield from (Exchanged(name, name) for name in sorted(scope.values))


def _terms_exchanged(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """4 * (x + y**2 - 7) * y + 2 * (x**2 + y - 11) for 4 * (x**2 + y - 11) * y + 2 * (x + y**2 - 7)."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add | ast.Sub):
        return
    sums = [list(_sums_in(side)) for side in (node.left, node.right)]
    for one, other in itertools.islice(itertools.product(*sums), _MOST_TERMS):
        first, second = ast.unparse(one), ast.unparse(other)
        if first != second:
            text = ast.unparse(_with_exchanged(node, {id(one): other, id(other): one}))
            yield Exchanged(text, text)


def _sums_in(node: ast.expr) -> Iterator[ast.expr]:
    """The sums that are factors of a term, none inside another."""
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Add | ast.Sub):
            yield node
        else:
            yield from _sums_in(node.left)
            yield from _sums_in(node.right)


def _with_exchanged(node: ast.expr, instead: Mapping[int, ast.expr]) -> ast.expr:
    """An expression in which some operands stand in the place of others; the tree stays as it is."""
    found = instead.get(id(node))
    if found is not None or not isinstance(node, ast.BinOp):
        return found or node
    return ast.BinOp(_with_exchanged(node.left, instead), node.op, _with_exchanged(node.right, instead))


def _as_column(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """a[:, None] for a: a number for each row, where the rows are."""
    if name := _value(node, scope):
        yield Exchanged(f"{name}[:, None]", f"{name}[:, None]")


def _value(node: ast.AST, scope: Scope) -> str:
    """The text of one of the function's own values that is read here, `a` or `self.a`; "" where it is none."""
    is_name = isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and is_self(node.value))
    text = ast.unparse(node) if is_name and isinstance(getattr(node, "ctx", None), ast.Load) else ""
    return text if text in scope.values else ""


def _factor_more(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """delta * np.sign(r) for np.sign(r): one branch, or one term, without the factor that the others have."""
    if not isinstance(node, ast.Call):
        return
    for name in sorted(scope.values):
        text = f"{name} * {ast.unparse(node)}"
        yield Exchanged(text, text)


def _kept_axis(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a.sum(1, keepdims=True) for a.sum(1), and the other way round; `keepdim` where the axis is said as torch does."""
    if not isinstance(node, ast.Call) or called(node) not in _REDUCTIONS:
        return
    kept = next((each for each in node.keywords if each.arg in ("keepdims", "keepdim")), None)
    given = [ast.unparse(each) for each in (*node.args, *node.keywords) if each is not kept]
    if kept is not None:
        yield Exchanged(f"{ast.unparse(node.func)}({', '.join(given)})", mark=span(kept))
    elif node.args or node.keywords:
        more = "keepdim=True" if any(each.arg == "dim" for each in node.keywords) else "keepdims=True"
        text = f"{ast.unparse(node.func)}({', '.join([*given, more])})"
        yield Exchanged(text, text)


def _other_axis(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """a.sum(axis=1, keepdims=True) for a.sum(axis=0), and the other way round; whole numbers are changed elsewhere."""
    if not isinstance(node, ast.Call) or called(node) not in _REDUCTIONS or not isinstance(node.func, ast.Attribute):
        return
    is_of_module = ast.unparse(node.func.value) in _MODULES
    operands = [ast.unparse(each) for each in node.args[: 1 if is_of_module else 0]]
    behind = node.args[len(operands) :]
    given = {each.arg: each.value for each in node.keywords if each.arg not in (None, "keepdims", "keepdim")}
    word = next((name for name in ("axis", "dim") if name in given), "axis")
    axis = behind[0] if len(behind) == 1 else given.pop(word, None) if not behind else None
    if given or axis is None or (now := _ACROSS.get(ast.unparse(axis))) is None:
        return
    is_kept = any(each.arg in ("keepdims", "keepdim") for each in node.keywords)
    kept = [] if is_kept else [f"{'keepdim' if word == 'dim' else 'keepdims'}=True"]
    text = f"{ast.unparse(node.func)}({', '.join([*operands, f'{word}={now}', *kept])})"
    yield Exchanged(text, text)


def _counted(node: ast.AST, _scope: Scope) -> Iterator[Exchanged]:
    """d[i, y] -= d.sum(axis=1) for d[i, y] -= 1: as many as the others of the row, not one."""
    if not isinstance(node, ast.AugAssign) or not isinstance(node.target, ast.Subscript):
        return
    if isinstance(node.value, ast.Constant) and node.value.value == 1:
        array, sign = ast.unparse(node.target.value), "-=" if isinstance(node.op, ast.Sub) else "+="
        text = f"{array}.sum(axis=1)"
        yield Exchanged(f"{ast.unparse(node.target)} {sign} {text}", text, span(node.value))


def _called_value(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """g * (1 - a) for g(1 - a): an array is called where the sign of a product was forgotten."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        name = ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
        if name in scope.values:
            text = f"{name} * ({ast.unparse(node.args[0])})"
            yield Exchanged(text, text)


def _whole_value(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """What is assigned or returned, negated, summed, or with a factor more."""
    if isinstance(node, ast.Assign | ast.AugAssign) and not isinstance(node.value, ast.Tuple):
        places = [node.value]
    elif isinstance(node, ast.Return) and node.value is not None:
        places = list(node.value.elts) if isinstance(node.value, ast.Tuple) else [node.value]
    else:
        return
    for place in places:
        value = _bracketed(place)
        for text in (f"-{value}", *(f"{value}{more}" for more in _SUMS), *_with_factors(value, scope)):
            yield Exchanged(_with(node, place, text), text, span(place))


def _by_a_count(node: ast.AST, scope: Scope) -> Iterator[Exchanged]:
    """What is returned, divided by or times as many as an array in it has entries or rows: a mean for a sum, or not."""
    if not isinstance(node, ast.Return) or node.value is None:
        return
    for place in node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]:
        names = names_within(place) & scope.values
        counts = [count for name in sorted(names) for count in (f"{name}.size", f"len({name})")]
        for count, operator in itertools.product(counts, "/*"):
            text = f"{_bracketed(place)} {operator} {count}"
            yield Exchanged(_with(node, place, text), text, span(place))


def _with_factors(value: str, scope: Scope) -> Iterator[str]:
    for name in sorted(scope.values):
        yield f"{value} * {name}"
        yield f"{value} / {name}"


def _bracketed(node: ast.expr) -> str:
    """An operand of what stands before or behind it."""
    text = ast.unparse(node)
    return text if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript) else f"({text})"


def _with(node: ast.stmt, place: ast.expr, text: str) -> str:
    """The statement with another text in one place."""
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        return f"return {', '.join(text if each is place else ast.unparse(each) for each in node.value.elts)}"
    whole, old = ast.unparse(node), ast.unparse(place)
    return f"{whole[: len(whole) - len(old)]}{text}"


OF_FUNCTIONS: Exchanges = (
    (*EXCHANGES[0], _power_gone, _reduction_gone),
    (
        *EXCHANGES[1],
        _other_function,
        _reversed,
        _product,
        _squared,
        _complement,
        _other_exponent,
        _kept_axis,
        _other_axis,
        _as_column,
        _called_value,
        _counted,
        _terms_exchanged,
    ),
    (*EXCHANGES[2], _other_value, _other_throughout, _setting, _summed_product, _whole_value, _by_a_count),
    (_factor_more,),
)
"""By what they suppose, as in `EXCHANGES`; last, that one of several terms lacks a factor."""
OF_CALLS: Exchanges = tuple(tuple(each for each in kind if each is not _other_throughout) for kind in OF_FUNCTIONS)
"""Of a call that raised: there another array in its place ends in numbers, and says nothing of what was meant."""
