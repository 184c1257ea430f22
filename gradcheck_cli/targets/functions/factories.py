"""Functions that hand out a forward and a backward: `make_bowl(dim)` returns `bowl, bowl_grad`, defined inside it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradcheck_cli.targets.functions.pairs import defined_by, pairs_among
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name

_Inner = ast.FunctionDef | ast.AsyncFunctionDef


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


def _returned_of(node: ast.AST | None) -> tuple[dict[str, ast.FunctionDef], list[str]]:
    """A function's own functions by name, and the names in the tuple that its last line returns ("" for no name)."""
    if not isinstance(node, ast.FunctionDef):
        return {}, []
    inner = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
    last = node.body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    names = [getattr(each, "id", "") for each in value.elts] if isinstance(value, ast.Tuple) else []
    return inner, names


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
