"""Pairs of functions of single numbers: `if abs(x) <= knot`, `math.log(p)`. Asked at many points, a call for each.

So both sides of a branch are met, and what is right at one point alone is seen.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.inputs.proposals import Proposal, ProposalKind, constant
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelling import is_target, is_upstream, tokens, word_set

# So many points: both sides of a branch, and the next set of sizes has others.
POINTS = "2v"
# What is no variable of a formula, though it is needed: the knot of a Huber loss, the level of a quantile.
_SETTINGS = word_set(
    "gamma alpha beta delta tau quantile percentile level knot c threshold thresh k margin lam lmbda reg order power "
    "epsilon sigma eps slope leak n m q"
)
_CHANCES = word_set("p pred predicted prediction prob probs probability proba hat")
_DISTANCES = word_set("r dist distance radius")
# What a number may be handed to without its being looked at.
_OF_NUMBERS = word_set("abs float max min pow round")
_NUMBER = ("float", "int")


def pointwise_pairs(form: PairForm) -> Iterator[PointwisePair]:
    """The pair at points of the whole line, of (0, 1) and above 0; none of a pair that takes arrays."""
    variables = [item.name for item in form.fore.parameters() if _is_variable(item)]
    if not variables or not any(_is_of_numbers(function, variables) for function in (form.fore, form.back)):
        return
    fore, back, *others = (
        replace(function, call=EachPoint(function.call)) for function in (form.fore, form.back, *form.others)
    )
    usual = {name: _kind(name) for name in variables if not _labels(form, name)}
    kinds: list[ProposalKind] = ["unit", "positive"]
    for domain in (usual, *(dict.fromkeys(usual, kind) for kind in kinds)):
        known = {name: Proposal(kind, POINTS, is_owed=_is_owed(form, name)) for name, kind in domain.items()}
        known |= {name: Proposal("index", POINTS, 2) for name in variables if name not in usual}
        yield PointwisePair(fore, back, others=tuple(others), known=known)


@dataclass(frozen=True)
class PointwisePair(PairForm):
    """A pair of functions of numbers at points. `known`: what each variable is."""

    known: Mapping[str, Proposal] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """How it is called."""
        return f"{super().why}; both take single numbers and are called at each point"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The variables at points, the settings as usual."""
        return tuple(self._known(item) for item in super().parameters)

    def _known(self, item: Parameter) -> Parameter:
        if item.name in self.known:
            return replace(item, known=self.known[item.name])
        usual = Proposal("constant", value=constant(tokens(item.name)))
        return item if item.has_default else replace(item, known=usual)


@dataclass(frozen=True)
class EachPoint:
    """A function of numbers as one of arrays: a call for each entry of those that it is handed."""

    call: Callable[..., Any]

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.call)

    def __call__(self, **given: Any) -> Any:
        """What each entry gives, as arrays."""
        points = {name: value for name, value in given.items() if isinstance(value, np.ndarray) and value.ndim == 1}
        count = min(map(len, points.values()), default=0)
        if not count:
            return call_by_name(self.call, given)
        rows = ({name: _number(value, place) for name, value in points.items()} for place in range(count))
        return _in_arrays([call_by_name(self.call, {**given, **row}) for row in rows])


def _number(points: Any, place: int) -> Any:
    """A whole number as Python's own, which code may compare by its type."""
    return int(points[place]) if points.dtype.kind in "iu" else points[place]


def _in_arrays(results: Sequence[Any]) -> Any:
    """What the calls gave, entry by entry."""
    first = results[0]
    if isinstance(first, tuple):
        return tuple(_in_arrays(part) for part in zip(*results, strict=True))
    if isinstance(first, Mapping):
        return {key: _in_arrays([result[key] for result in results]) for key in first}
    return np.stack([np.asarray(result) for result in results])


def _is_variable(item: Parameter) -> bool:
    is_number = not item.annotation or "float" in item.annotation
    return not item.has_default and is_number and not set(tokens(item.name)) & _SETTINGS


def _is_owed(form: PairForm, name: str) -> bool:
    """A derivative that is handed no G and gives one number is that by one variable: the first, or see there."""
    is_one = len(returned_names(form.back.node)) == 1 and not any(
        is_upstream(item.name) for item in form.back.parameters()
    )
    return not is_one or name == next(item.name for item in form.fore.parameters() if _is_variable(item))


def _kind(name: str) -> ProposalKind:
    words = set(tokens(name))
    return "unit" if words & _CHANCES else "positive" if words & _DISTANCES else "real"


def _is_of_numbers(function: PlainFunction, variables: Sequence[str]) -> bool:
    """Does it decide by a variable itself, or hand one to what takes numbers alone; or is each said to be a float?"""
    own = {item.name: item.annotation.strip("'\"") for item in function.parameters()}
    mine = [name for name in own if name in variables or is_upstream(name)]
    if mine and all(own[name] in _NUMBER for name in mine):
        return True
    made = _made_of(function.node, frozenset(mine))
    return any(_asks(node, made) for node in ast.walk(function.node)) if function.node is not None else False


def _made_of(node: ast.AST | None, names: frozenset[str]) -> frozenset[str]:
    """The variables, and what is assigned sums and products of them."""
    found = set(names)
    for inner in ast.walk(node) if node is not None else ():
        if isinstance(inner, ast.Assign) and isinstance(inner.targets[0], ast.Name) and _is_number(inner.value, found):
            found.add(inner.targets[0].id)
    return frozenset(found)


def _asks(node: ast.AST, names: frozenset[str]) -> bool:
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        tests = node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]
        return any(isinstance(test, ast.Compare) and _compares(test, names) for test in tests)
    func = node.func if isinstance(node, ast.Call) else None
    is_math = isinstance(func, ast.Attribute) and getattr(func.value, "id", "") in ("math", "cmath")
    return is_math and isinstance(node, ast.Call) and any(_is_number(each, names) for each in node.args)


def _compares(test: ast.Compare, names: frozenset[str]) -> bool:
    is_order = not any(isinstance(each, ast.Is | ast.IsNot | ast.In | ast.NotIn) for each in test.ops)
    sides = [test.left, *test.comparators]
    is_word = any(isinstance(side, ast.Constant) and isinstance(side.value, str | None) for side in sides)
    return is_order and not is_word and any(_is_number(side, names) for side in sides)


def _is_number(node: ast.expr, names: frozenset[str] | set[str]) -> bool:
    """A sum or a product of the names, `abs(x)` too; nothing that has entries."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.BinOp):
        return _is_number(node.left, names) or _is_number(node.right, names)
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand, names)
    is_plain = isinstance(node, ast.Call) and getattr(node.func, "id", "") in _OF_NUMBERS
    return is_plain and isinstance(node, ast.Call) and any(_is_number(each, names) for each in node.args)


def _labels(form: PairForm, name: str) -> bool:
    """Is a target one of two labels: does the code ask whether it is 0 or 1?"""
    if not is_target(name):
        return False
    for node in (inner for function in (form.fore, form.back) if function.node for inner in ast.walk(function.node)):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            sides = [node.left, *node.comparators]
            named = any(getattr(side, "id", "") == name for side in sides)
            if named and any(isinstance(side, ast.Constant) and side.value in (0, 1) for side in sides):
                return True
    return False
