"""Functions that give one number and its gradient by what they compute, whatever they call the two: `return f, g`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.reading import parameter_names
from gradcheck_cli.targets.functions.spelling import belongs_to, in_order, looks_like_gradient, word_set

# What makes one number of an array where it is told no axis.
_REDUCE = word_set("sum mean average nansum nanmean fsum item")
# What leaves a number one, and what makes one of two vectors.
_KEEP = word_set("float abs log sqrt exp negative")
_INNER = word_set("dot vdot inner")
# What lays arrays one behind the other.
_JOIN = word_set("append concatenate hstack vstack stack r_ cat array")
# What a formula calls a gradient: of one that the number is not made of, a letter says enough.
_LETTERS = in_order("g d")
# An objective gives two things: a number and what it changes with.
_TWO = 2
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_TRANSPOSES = word_set("T mT")


def gives_number_and_gradient(node: ast.AST | None) -> bool:
    """Does a function return a total, and behind it what is made as the gradient of one is?

    A letter that the total is not made of, gradients laid one behind the other, or a product with transposed data:
    `return nll, g`, `return -ll, -np.append(db, ds)`, `return f, X.T @ (p - y)`.
    """
    parts = _of_two(node)
    return parts is not None and parts.is_gradient()


def gives_as_others_do(name: str, functions: Mapping[str, ast.AST]) -> bool:
    """Does a function return a total and an array without a name, as one beside it returns its total and gradient?

    So `listnet(s, rel)`, which returns `-(t * log(q)).sum(), q - t`, beside `return loss, g`.
    """
    parts = _of_two(functions.get(name))
    if parts is None or not parts.is_nameless():
        return False
    return any(gives_number_and_gradient(node) for other, node in functions.items() if other != name)


def _of_two(node: ast.AST | None) -> _Two | None:
    """What a function returns last, where it is a number and something that is none."""
    if not isinstance(node, ast.FunctionDef):
        return None
    value = _last_returned(node)
    if not isinstance(value, ast.Tuple) or len(value.elts) != _TWO:
        return None
    found = _Two(node, value.elts)
    return found if found.is_total(found.number) and not found.is_total(found.other) else None


def _last_returned(node: ast.FunctionDef) -> ast.expr | None:
    """What the last of its own return statements gives; not one of a function inside it."""
    inner = {
        part for each in ast.walk(node) if each is not node and isinstance(each, _FUNCTIONS) for part in ast.walk(each)
    }
    own = [each for each in ast.walk(node) if isinstance(each, ast.Return) and each not in inner]
    return max(own, key=lambda each: each.lineno).value if own else None


class _Two:
    """The two things that a function returns, and how its names were made."""

    def __init__(self, node: ast.FunctionDef, parts: Sequence[ast.expr]) -> None:
        self.number, self.other = parts
        self.given = parameter_names(node)
        self.made: dict[str, list[ast.expr]] = {}
        for each in ast.walk(node):
            for target, source in _assigned(each):
                self.made.setdefault(target, []).append(source)
        defaults = zip(reversed(self.given), reversed(node.args.defaults), strict=False)
        self._numbers = {name for name, default in defaults if isinstance(getattr(default, "value", None), int | float)}

    def is_gradient(self) -> bool:
        """Is the second called or made as a gradient is?"""
        plain = _without_factors(self.other)
        if isinstance(plain, ast.Name):
            return self._is_named_gradient(plain.id)
        is_joined = syntax.called(plain) in _JOIN and any(map(self._is_part, _parts_of(plain)))
        return is_joined or any(map(self._is_transposed_data, _left_of_products(plain)))

    def is_nameless(self) -> bool:
        """Is it made in the return statement, and of more than is returned?"""
        return not isinstance(_without_factors(self.other), ast.Name | ast.Constant | ast.Compare)

    def is_total(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        """Is an expression one number, as far as its text says it?"""
        if isinstance(node, ast.Name):
            return self._is_total_name(node.id, seen)
        if isinstance(node, ast.UnaryOp):
            return self.is_total(node.operand, seen)
        if isinstance(node, ast.BinOp):
            return self._is_total_of_two(node, seen)
        if not isinstance(node, ast.Call):
            return False
        called = syntax.called(node)
        values = [*node.args, *(item.value for item in node.keywords)]
        is_method = isinstance(node.func, ast.Attribute) and syntax.identifier(node.func.value) not in _MODULES
        if called in _REDUCE:
            return len(values) == int(not is_method)
        if called in _INNER and values:
            one = node.func.value if is_method and isinstance(node.func, ast.Attribute) else values[0]
            return ast.dump(_without_factors(one)) == ast.dump(_without_factors(values[-1]))
        return called in _KEEP and len(values) == 1 and self.is_total(values[0], seen)

    def _is_total_name(self, name: str, seen: frozenset[str]) -> bool:
        sources = self.made.get(name, ())
        # A number to which more is added: 0.0, then `loss -= np.log(q[i])`.
        if any(isinstance(getattr(each, "value", None), int | float) for each in sources):
            return True
        return name not in seen and any(self.is_total(each, seen | {name}) for each in sources)

    def _is_total_of_two(self, node: ast.BinOp, seen: frozenset[str]) -> bool:
        left, right = node.left, node.right
        if isinstance(node.op, ast.MatMult):
            return ast.dump(_without_factors(left)) == ast.dump(_without_factors(right))
        of_left, of_right = self.is_total(left, seen), self.is_total(right, seen)
        if isinstance(node.op, ast.Mult):
            return (of_left or self._is_number(left)) and (of_right or self._is_number(right)) and (of_left or of_right)
        if isinstance(node.op, ast.Add | ast.Sub):
            return of_left or of_right
        return isinstance(node.op, ast.Div | ast.Pow) and of_left

    def _is_number(self, node: ast.expr) -> bool:
        if isinstance(node, ast.BinOp):
            return self._is_number(node.left) and self._is_number(node.right)
        return isinstance(node, ast.Constant) or syntax.identifier(node) in self._numbers

    def _is_named_gradient(self, name: str) -> bool:
        if name in self.given or name in self._behind(self.number):
            return False
        return name.lower() in _LETTERS or looks_like_gradient(name)

    def _is_part(self, node: ast.expr) -> bool:
        """Is it called as the gradient of something that the function has: `gb` beside `b`?"""
        name = syntax.identifier(_without_factors(node))
        known = [each for each in (*self.made, *self.given) if each != name]
        return bool(name) and (looks_like_gradient(name) or belongs_to(name, known) != "")

    def _is_transposed_data(self, node: ast.expr) -> bool:
        return (
            isinstance(node, ast.Attribute)
            and node.attr in _TRANSPOSES
            and isinstance(node.value, ast.Name)
            and node.value.id in self.given
        )

    def _behind(self, node: ast.expr) -> set[str]:
        """The names of which an expression is made, and of which these are."""
        found: set[str] = set()
        waiting = _names(node)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [inner for source in self.made.get(name, ()) for inner in _names(source)]
        return found


# What a function of a library is called on.
_MODULES = word_set("np numpy math torch cp xp jnp mx tf F")


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """(name, what it is made of) of an assignment, also of several at once."""
    if isinstance(node, ast.AugAssign):
        name = syntax.identifier(node.target)
        yield name, ast.BinOp(ast.Name(name, ast.Load()), node.op, node.value)
    for target in node.targets if isinstance(node, ast.Assign) else ():
        assert isinstance(node, ast.Assign)
        yield from _each(target, node.value)


def _each(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Tuple):
        values = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
        for place, inner in enumerate(target.elts):
            yield from _each(inner, value if values is None else values[place])
    elif isinstance(target, ast.Name):
        yield target.id, value


def _names(node: ast.AST) -> list[str]:
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]


def _without_factors(node: ast.expr) -> ast.expr:
    """Without a sign and plain factors: r of -r, 0.5 * r and r / 2."""
    if isinstance(node, ast.UnaryOp):
        return _without_factors(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        if isinstance(node.left, ast.Constant) and isinstance(node.op, ast.Mult):
            return _without_factors(node.right)
        if isinstance(node.right, ast.Constant | ast.Name | ast.Call):
            return _without_factors(node.left)
    return node


def _parts_of(node: ast.expr) -> list[ast.expr]:
    """What is laid one behind the other."""
    values = node.args if isinstance(node, ast.Call) else []
    return [part for each in values for part in (each.elts if isinstance(each, ast.Tuple | ast.List) else [each])]


def _left_of_products(node: ast.expr) -> Iterator[ast.expr]:
    """What is multiplied as a matrix from the left, with its sign off: X.T of `-X.T @ r`, of `X.T.dot(r)`."""
    for each in ast.walk(node):
        if isinstance(each, ast.BinOp) and isinstance(each.op, ast.MatMult):
            yield _without_factors(each.left)
        elif isinstance(each, ast.Call) and syntax.called(each) in (*_INNER, "matmul", "mm", "mv"):
            is_method = isinstance(each.func, ast.Attribute) and syntax.identifier(each.func.value) not in _MODULES
            first = (
                each.func.value if is_method and isinstance(each.func, ast.Attribute) else next(iter(each.args), None)
            )
            if first is not None:
                yield _without_factors(first)
