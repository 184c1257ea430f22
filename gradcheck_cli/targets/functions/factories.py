"""Functions that hand out a forward and a backward: `make_bowl(dim)` returns `bowl, bowl_grad`, defined inside it.

Or a value and its way back: `softmax_vjp(x)` returns `y, pullback`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradcheck_cli.targets.functions.pairs import defined_by, pairs_among
from gradcheck_cli.targets.functions.plain import PlainFunction, Remade, call_by_name

_Inner = ast.FunctionDef | ast.AsyncFunctionDef
# What is returned where a value comes with its way back.
_VALUE_AND_BACK = 2


def hands_out(node: ast.AST | None) -> bool:
    """Does a function hand out a backward of its own?"""
    return handed_out(node) is not None or way_back(node) is not None


@dataclass(frozen=True)
class HandedOut:
    """The two functions that one hands out, and at which places of what it returns; None where that is no tuple."""

    fore: ast.FunctionDef
    back: ast.FunctionDef
    places: tuple[int, int]


def handed_out(node: ast.AST | None) -> HandedOut | None:
    """The one pair of functions of its own that a function returns; None where there is none."""
    inner, names = _returned_of(node)
    pairs = pairs_among({name: defined_by(inner[name]) for name in names if name in inner})
    found = [(fore, back) for back, fore in pairs.items() if fore]
    if len(found) != 1:
        return None
    fore, back = found[0]
    return HandedOut(inner[fore], inner[back], (names.index(fore), names.index(back)))


def way_back(node: ast.AST | None) -> ast.FunctionDef | None:
    """The function of its own, of one argument, that a function returns behind its value; None where none is."""
    inner, names = _returned_of(node)
    found = inner.get(names[-1]) if len(names) == _VALUE_AND_BACK and names[0] not in inner else None
    return found if found is not None and len(_arguments(found)) == 1 else None


def _returned_of(node: ast.AST | None) -> tuple[dict[str, ast.FunctionDef], list[str]]:
    """A function's own functions by name, and the names in the tuple that its last line returns ("" for no name)."""
    if not isinstance(node, ast.FunctionDef):
        return {}, []
    inner = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
    last = node.body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    names = [getattr(each, "id", "") for each in value.elts] if isinstance(value, ast.Tuple) else []
    return inner, names


def pulled_back(
    function: Callable[..., Any], node: ast.FunctionDef, name: str, source: str
) -> tuple[PlainFunction, PlainFunction]:
    """The forward and the backward of what returns its value and the way back."""
    fore = PlainFunction(Remade(function, lambda made: made[0]), None, name, source)
    back = PlainFunction(_PulledBack(function, node), node, f"{node.name} of {name}", source)
    return fore, back


@dataclass(frozen=True)
class _PulledBack:
    """The way back as a function of G and of what the forward takes."""

    function: Callable[..., Any]
    node: ast.FunctionDef

    @property
    def __signature__(self) -> inspect.Signature:
        own = [item.replace(kind=item.KEYWORD_ONLY) for item in inspect.signature(self.function).parameters.values()]
        return inspect.Signature([inspect.Parameter("grad_output", inspect.Parameter.KEYWORD_ONLY), *own])

    def __call__(self, grad_output: Any, **given: Any) -> Any:
        return call_by_name(self.function, given)[1](grad_output)


def made_by(
    factory: Callable[..., Any], handed: HandedOut, name: str, source: str
) -> tuple[PlainFunction, PlainFunction]:
    """The forward and the backward as functions that take what the factory takes, too."""
    makes = _Makes(factory)

    def one(node: ast.FunctionDef, place: int) -> PlainFunction:
        return PlainFunction(_Made(makes, node, place), node, f"{node.name} of {name}", source)

    return one(handed.fore, handed.places[0]), one(handed.back, handed.places[1])


@dataclass
class _Makes:
    """The factory, asked once for the same arguments: one that draws hands out another function each time."""

    factory: Callable[..., Any]
    _known: dict[object, tuple[Any, ...]] = field(default_factory=dict)

    def __call__(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        # Where its text was changed it has another code.
        key = (repr(sorted(given.items())), getattr(self.factory, "__code__", None))
        if key not in self._known:
            self._known[key] = call_by_name(self.factory, given)
        return self._known[key]


@dataclass(frozen=True)
class _Made:
    """One of what a factory hands out, for arguments of both."""

    makes: _Makes
    node: ast.FunctionDef
    place: int

    @property
    def __signature__(self) -> inspect.Signature:
        own = inspect.signature(self.makes.factory).parameters.values()
        given = {item.arg for item in _arguments(self.node)}
        kept = [item.replace(kind=item.KEYWORD_ONLY) for item in own if item.name not in given]
        return inspect.Signature([*_parameters(self.node), *kept])

    def __call__(self, **given: Any) -> Any:
        mine = {item.arg for item in _arguments(self.node)}
        others = {name: value for name, value in given.items() if name not in mine}
        made = self.makes(others)
        return call_by_name(made[self.place], {name: value for name, value in given.items() if name in mine})


def _arguments(node: _Inner) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _parameters(node: _Inner) -> list[inspect.Parameter]:
    """Of a function that is not made yet, as its text has them; a default that is no plain value counts as None."""
    plain = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(plain) - len(node.args.defaults)) + list(node.args.defaults)
    pairs = [*zip(plain, defaults, strict=True), *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
    return [
        inspect.Parameter(item.arg, inspect.Parameter.KEYWORD_ONLY, default=_default(default))
        for item, default in pairs
    ]


def _default(node: ast.expr | None) -> Any:
    if node is None:
        return inspect.Parameter.empty
    return node.value if isinstance(node, ast.Constant) else None
