"""Functions that give a value and its way back: `softmax_vjp(x)` returns `y, pullback`, which is handed G.

Or what is made first: `dense(w, b)` returns `run`, and `run(x)` the value and the way back. What is made of layers, as
`residual(layer)` and `chain(*layers)`, is made of others that are right.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.form import is_listed
from gradcheck_cli.targets.functions.plain import PlainFunction, Remade, call_by_name

# What is returned where a value comes with its way back.
_VALUE_AND_BACK = 2
# How deep what is returned may lie: `dense(w, b)`, `run(x)`, and no more.
_MOST_CALLS = 2
_Function = ast.FunctionDef | ast.Lambda


@dataclass(frozen=True)
class WayBack:
    """The function of one argument that goes back, and those that are called after each other to get it."""

    node: ast.FunctionDef | ast.Lambda
    calls: tuple[ast.FunctionDef | ast.Lambda, ...]


def way_back(node: ast.AST | None) -> WayBack | None:
    """The way back that a function returns behind its value, or what it returns does; None where none is."""
    return _way_back(node, ()) if isinstance(node, ast.FunctionDef) else None


def _way_back(node: _Function, before: tuple[_Function, ...]) -> WayBack | None:
    calls = (*before, node)
    inner = {item.name: item for item in _body(node) if isinstance(item, ast.FunctionDef)}
    value = _returned(node)
    if isinstance(value, ast.Tuple) and len(value.elts) == _VALUE_AND_BACK:
        first, back = (_function_of(each, inner) for each in value.elts)
        return WayBack(back, calls) if first is None and back is not None and len(_arguments(back)) == 1 else None
    further = _function_of(value, inner)
    return _way_back(further, calls) if further is not None and len(calls) < _MOST_CALLS else None


def _body(node: _Function) -> list[ast.stmt]:
    return node.body if isinstance(node, ast.FunctionDef) else []


def _returned(node: _Function) -> ast.expr | None:
    """What its last line gives."""
    last = node.body[-1] if isinstance(node, ast.FunctionDef) else node.body
    return last.value if isinstance(last, ast.Return) else last if isinstance(last, ast.expr) else None


def _function_of(value: ast.expr | None, inner: Mapping[str, ast.FunctionDef]) -> _Function | None:
    return value if isinstance(value, ast.Lambda) else inner.get(syntax.identifier(value))


def _arguments(node: _Function) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def pulled_back(
    function: Callable[..., Any], way: WayBack, name: str, source: str
) -> tuple[PlainFunction, PlainFunction]:
    """The forward and the backward of what returns its value and the way back."""
    whole = function if len(way.calls) == 1 else _Called(function, way.calls[1], frozenset(_layers_of(way)))
    fore = PlainFunction(Remade(whole, lambda made: made[0]), None, name, source)
    shown = f"{getattr(way.node, 'name', 'the way back')} of {name}"
    return fore, PlainFunction(_PulledBack(whole), way.node, shown, source)


@dataclass(frozen=True)
class _PulledBack:
    """The way back as a function of G and of what the forward takes."""

    function: Callable[..., Any]

    @property
    def __signature__(self) -> inspect.Signature:
        own = [item.replace(kind=item.KEYWORD_ONLY) for item in inspect.signature(self.function).parameters.values()]
        return inspect.Signature([inspect.Parameter("grad_output", inspect.Parameter.KEYWORD_ONLY), *own])

    def __call__(self, grad_output: Any, **given: Any) -> Any:
        found = list(_one_by_one(call_by_name(self.function, given)[1](grad_output)))
        return found[0] if len(found) == 1 else tuple(found)


def _one_by_one(result: Any) -> Iterator[Any]:
    """Of what a layer gives as `dx, (dw, db)`, and one without weights as `dx, ()`, the parts that are no tuples."""
    if isinstance(result, tuple) or (isinstance(result, list) and not is_listed(result)):
        for each in result:
            yield from _one_by_one(each)
    else:
        yield result


@dataclass(frozen=True)
class _Called:
    """What is made, and called at once: a function of what both take; layers that it is made of stand in."""

    factory: Callable[..., Any]
    run: ast.FunctionDef | ast.Lambda
    layers: frozenset[str]

    @property
    def __signature__(self) -> inspect.Signature:
        own = list(inspect.signature(self.factory).parameters.values())
        data = [inspect.Parameter(item.arg, inspect.Parameter.KEYWORD_ONLY) for item in _arguments(self.run)]
        kept = [item for item in own if item.name not in {*self.layers, *(each.name for each in data)}]
        return inspect.Signature([*data, *(item.replace(kind=item.KEYWORD_ONLY) for item in kept)])

    def __call__(self, **given: Any) -> Any:
        data = [given[item.arg] for item in _arguments(self.run)]
        rest = {name: value for name, value in given.items() if name not in {item.arg for item in _arguments(self.run)}}
        collected: list[Any] = []
        for item in inspect.signature(self.factory).parameters.values():
            if item.name in self.layers and item.kind is item.VAR_POSITIONAL:
                collected = [_bend, _heap]
            elif item.name in self.layers:
                rest[item.name] = _bend
        return self.factory(*collected, **rest)(*data)


def _layers_of(way: WayBack) -> Iterator[str]:
    """What is made of layers collects them, or calls one for a value and its way back: `y, back = layer(x)`."""
    maker, run = way.calls
    if maker.args.vararg is not None:
        yield maker.args.vararg.arg
    names = {item.arg for item in _arguments(maker)}
    for each in ast.walk(run):
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Tuple) and isinstance(each.value, ast.Call):
            name = syntax.identifier(each.value.func)
            if name in names and len(each.targets[0].elts) == _VALUE_AND_BACK:
                yield name


def _bend(x: Any) -> Any:
    """A layer without weights, and its way back."""
    y = np.tanh(x)
    return y, lambda g: (g * (1 - y * y), ())


def _heap(x: Any) -> Any:
    """Another one, whose entries hang on those before them, so that the order of the two is seen."""
    return np.cumsum(x * x + x, axis=-1), lambda g: (np.cumsum(g[..., ::-1], axis=-1)[..., ::-1] * (2 * x + 1), ())
