"""The axes of arguments as matrix products tell them: of `W @ x + b` x is a column, of `x @ W + b` a row.

What a product sums over is one length in both of its factors; what is added to it has the other one. Beside a state, as
in a cell, every product with it or with the data gives a state again; in a network each product gives a length of its
own. Where the code says two things of one argument nothing is told.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.inputs.documented import documented_axes
from gradcheck_cli.targets.functions.inputs.proposals import is_state_name
from gradcheck_cli.targets.functions.spelling import is_target, tokens, word_set

_SAMPLES, _DATA, _STATE = "n", "d", "m"
# Lengths of layer after layer.
_FRESH = "mvtkghw"
_PRODUCTS = word_set("dot matmul mm")
_JOINS = word_set("concatenate concat cat hstack vstack column_stack row_stack")
_INPUTS = word_set("x xt xs inp input inputs data")


def axes_by_products(source: str, names: Sequence[str]) -> Mapping[str, str]:
    """Argument -> its axes in the letters of `proposals.SIZES`, for those that meet in products; {} where none do.

    Args:
        source: of the forward, the first of its functions, and of what it uses.
        names: of the arguments; a member of a dict or of an object of weights by its own name.
    """
    return _found(source, tuple(names))


@lru_cache(maxsize=16)
def _found(source: str, names: tuple[str, ...]) -> Mapping[str, str]:
    function = next((node for node in syntax.parse(source).body if isinstance(node, ast.FunctionDef)), None)
    if function is None:
        return {}
    reading = _Reading(names, any(map(is_state_name, names)))
    for statement in _statements(function.body):
        reading.read(statement)
    return _as_documented(reading.axes(), source)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        for inner in ("body", "orelse"):
            yield from _statements(getattr(node, inner, ()))


def _as_documented(axes: Mapping[str, str], source: str) -> Mapping[str, str]:
    """The same with the letters that the code's own names of lengths have in other arguments."""
    known: dict[str, str] = {}
    for name, found in axes.items():
        said = documented_axes(source, name).split()
        if len(said) == len(found.split()):
            known |= {mine: theirs for mine, theirs in zip(found.split(), said, strict=True) if "+" not in mine}
    letters = dict.fromkeys(letter for found in axes.values() for letter in found.replace("+", " ").split())
    spare = [letter for letter in "ndmvtkghw" if letter not in known.values()]
    for letter in letters:
        if letter not in known and not letter.isdigit():
            known[letter] = letter if letter in spare else spare[0]
            spare.remove(known[letter])
    return {name: "".join(known.get(part, part) for part in found) for name, found in axes.items()}


@dataclass
class _Reading:
    """What was read of a function.

    Attributes:
        names: of the arguments.
        has_state: among them is a state.
        letters: of what is assigned: its length beside that of the samples.
        weights, biases: argument -> (length summed over, length given), length.
        same: a name of the code -> the argument that it is.
        sides: "left" and "right", where a weight stands in its products.
    """

    names: tuple[str, ...]
    has_state: bool
    letters: dict[str, str] = field(default_factory=dict)
    weights: dict[str, tuple[str, str]] = field(default_factory=dict)
    biases: dict[str, str] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    sides: set[str] = field(default_factory=set)
    given: int = 0
    is_contradicted: bool = False

    def read(self, node: ast.stmt) -> None:
        """One statement, in the order of the code."""
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            self._assign(node.targets[0], node.value)
        elif isinstance(node, ast.Return | ast.Expr | ast.AugAssign) and node.value is not None:
            self._letter(node.value)

    def axes(self) -> dict[str, str]:
        """Of each argument of a product; {} where the weights stand on both sides, or the code contradicts itself."""
        if len(self.sides) != 1 or self.is_contradicted:
            return {}
        are_columns = self.sides == {"left"}
        used = {name for name in self.names if self._kind(name) and name not in self.weights | self.biases}
        data = {name: self._kind(name) for name in used}
        found = {name: f"{each} {_SAMPLES}" if are_columns else f"{_SAMPLES} {each}" for name, each in data.items()}
        for name, (summed, given) in self.weights.items():
            found[name] = f"{given} {summed}" if are_columns else f"{summed} {given}"
        return found | {name: f"{given} 1" if are_columns else given for name, given in self.biases.items()}

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                self._assign(one, other)
            return
        argument = self._argument(value)
        letter = self._letter(value)
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and letter:  # a part of it
            before = self.letters.get(target.value.id, "")
            self.letters[target.value.id] = f"{before}+{letter}" if before else letter
        elif isinstance(target, ast.Name) and argument:
            self.same[target.id] = argument
        elif isinstance(target, ast.Name) and letter:
            self.letters[target.id] = letter

    def _argument(self, node: ast.expr) -> str:
        """The argument that an expression is, by its name or by its key in a dict; "" for none."""
        if isinstance(node, ast.Name):
            name = self.same.get(node.id, node.id)
            return name if name in self.names and node.id not in self.letters else ""
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            return str(node.slice.value) if str(node.slice.value) in self.names else ""
        is_member = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in self.names
        return node.attr if is_member and isinstance(node, ast.Attribute) else ""

    def _kind(self, name: str) -> str:
        """The letter of data and of states; "" of what may be a weight."""
        if is_state_name(name):
            return _STATE
        return _DATA if set(tokens(name)[:1]) & _INPUTS and not is_target(name) else ""

    def _letter(self, node: ast.expr) -> str:
        """The length of what an expression gives, beside that of the samples; "" where it is not known."""
        argument = self._argument(node)
        if argument:
            return self._kind(argument) or self.biases.get(argument, "")
        if isinstance(node, ast.Name):
            return self.letters.get(node.id, "")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            return self._sum(list(_terms(node)))
        if _factors(node):
            return self._sum([node])
        if isinstance(node, ast.BinOp):
            left, right = self._letter(node.left), self._letter(node.right)  # both are read, whichever tells
            return left or right
        if isinstance(node, ast.UnaryOp):
            return self._letter(node.operand)
        return self._of_call(node) if isinstance(node, ast.Call) else ""

    def _of_call(self, node: ast.Call) -> str:
        called = syntax.called(node)
        first = node.args[0] if node.args else None
        if called in _JOINS:
            parts = list(first.elts) if isinstance(first, ast.Tuple | ast.List) else node.args
            letters = [self._letter(part) for part in parts]
            return "+".join(letters) if all(letters) else ""
        letters = [self._letter(part) for part in node.args]
        return letters[0] if letters and called not in ("sum", "mean", "zeros") else ""

    def _sum(self, terms: Sequence[ast.expr]) -> str:
        """The length of a sum: of its products, of what else is known in it; its biases have the same."""
        products = [factors for term in terms if (factors := _factors(term))]
        found = [read for left, right in products if (read := self._product(left, right))]
        if len(found) < len(products):
            return ""
        known = [letter for term in terms if not _factors(term) and (letter := self._letter(term))]
        given = (known[0] if known else "") if not found else self._given([summed for _, summed, _ in found], known)
        for weight, summed, is_turned in found:
            self._keep(weight, (given, summed) if is_turned else (summed, given))
        for term in terms if found else ():
            name = self._argument(term)
            if name and not self._kind(name):
                self.is_contradicted |= self.biases.get(name, given) != given
                self.biases[name] = given
        return given

    def _given(self, summed: Sequence[str], known: Sequence[str]) -> str:
        if known:
            return known[0]
        is_of_cell = any(letter in (_DATA, _STATE) or "+" in letter for letter in summed)
        if self.has_state and is_of_cell and not self._is_last(summed):
            return _STATE
        self.given += 1
        return _FRESH[min(self.given - (not self.has_state), len(_FRESH) - 1)]

    def _is_last(self, summed: Sequence[str]) -> bool:
        """A product of what the cell made of its state: it gives its output."""
        return list(summed) == [_STATE] and bool(self.letters)

    def _product(self, left: ast.expr, right: ast.expr) -> tuple[str, str, bool] | None:
        """(weight, the length summed over, is it turned) of a product with one weight; None of others."""
        for weight, other, side in ((left, right, "left"), (right, left, "right")):
            is_turned = isinstance(weight, ast.Attribute) and weight.attr == "T"
            name = self._argument(weight.value if isinstance(weight, ast.Attribute) and is_turned else weight)
            summed = self._letter(other)
            if name and not self._kind(name) and name not in self.biases and summed:
                self.sides.add(side)
                return name, summed, is_turned
        return None

    def _keep(self, weight: str, lengths: tuple[str, str]) -> None:
        self.is_contradicted |= self.weights.get(weight, lengths) != lengths
        self.weights[weight] = lengths


def _terms(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield from (*_terms(node.left), *_terms(node.right))
    else:
        yield node


def _factors(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """Of `a @ b`, `np.dot(a, b)` and `a.dot(b)`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return node.left, node.right
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _PRODUCTS:
        if len(node.args) == 2:
            return node.args[0], node.args[1]
        return (node.func.value, node.args[0]) if len(node.args) == 1 else None
    return None
