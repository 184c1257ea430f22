"""Arguments that are only asked questions, as `dataset.sampleTokenIdx()`: what stands in answers with numbers.

What is drawn at random there is the same in every call here: a loss and its gradient are about the same samples.
"""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

import numpy as np

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.inputs.proposals import SIZES
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.spelling import tokens, word_set

# Methods of this sound give the place of a row. Small ones, that every table has, and some of them again.
_PLACES = word_set("idx index indices ix token word sample negative id")
# What has a method of this name may be an array, a tensor, a text or a collection as well.
_OF_VALUES = frozenset(itertools.chain(dir(np.ndarray), dir(dict), dir(list), dir(set), dir(str)))
# As many rows as every array has that is drawn.
_ROWS = min(length for sizes in SIZES for length in sizes.values())


def with_stand_ins(function: PlainFunction) -> PlainFunction:
    """The function without the arguments that it only asks for places; itself where it has none."""
    try:
        signature = inspect.signature(function.call)
    except (TypeError, ValueError):
        return function
    nodes = syntax.nodes_in(function.source)
    functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    own = functions.get(function.name)
    if own is None:
        return function
    asked = {name: methods for name in signature.parameters if (methods := _asked(own, name, functions))}
    if not asked:
        return function
    call = _answered(function.call, signature, asked)
    said = [
        f"{name} is an object whose {', '.join(sorted(methods))}() gives 0, 1, 2, ..."
        for name, methods in asked.items()
    ]
    return replace(function, call=call, meaning=" and ".join(filter(None, (function.meaning, *said))))


class _Sampler:
    """Answers each of its methods with the next row; so few that one comes twice, as may be in what is drawn."""

    def __init__(self, methods: Sequence[str]) -> None:
        rows = itertools.cycle(range(_ROWS))
        for name in methods:
            setattr(self, name, lambda *_, **__: next(rows))


def _answered(
    call: Callable[..., Any], signature: inspect.Signature, asked: Mapping[str, Sequence[str]]
) -> Callable[..., Any]:
    names = list(signature.parameters)

    @wraps(call)
    def called(**given: Any) -> Any:
        given |= {name: _Sampler(methods) for name, methods in asked.items()}
        return call_by_name(call, {name: given[name] for name in names if name in given})

    left = [item.replace(kind=item.KEYWORD_ONLY) for name, item in signature.parameters.items() if name not in asked]
    called.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
    return called


def _asked(own: ast.FunctionDef, name: str, functions: Mapping[str, ast.FunctionDef]) -> Sequence[str]:
    """The methods that are called of an argument, where it is used in no other way and each gives a place; else ()."""
    methods = _methods(own, name, functions, ())
    return sorted(methods) if methods and all(map(_gives_a_place, methods)) else ()


def _gives_a_place(method: str) -> bool:
    return bool(_PLACES & set(tokens(method))) and method not in _OF_VALUES


def _methods(
    node: ast.FunctionDef, name: str, functions: Mapping[str, ast.FunctionDef], seen: Sequence[str]
) -> frozenset[str] | None:
    """What is called of it here and where it is handed on; None where it is used as anything else."""
    found: set[str] = set()
    others = {part for part in _of_its_own(node, name) if syntax.is_name(part, name)}
    for call in (part for part in _of_its_own(node, name) if isinstance(part, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.value in others:
            found.add(call.func.attr)
            others.remove(call.func.value)
        for callee, parameter, value in _handed(call, functions):
            if value not in others or callee.name in seen:
                continue
            others.remove(value)
            further = _methods(callee, parameter, functions, (*seen, callee.name))
            if further is None:
                return None
            found |= further
    return None if others else frozenset(found)


def _of_its_own(node: ast.AST, name: str) -> Iterator[ast.AST]:
    """Its parts, without those functions in it whose own argument has the same name."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef) or name not in _given(child):
            yield child
            yield from _of_its_own(child, name)


def _handed(
    call: ast.Call, functions: Mapping[str, ast.FunctionDef]
) -> Iterator[tuple[ast.FunctionDef, str, ast.expr]]:
    """(function of the file, its parameter, what it is handed)"""
    callee = functions.get(call.func.id) if isinstance(call.func, ast.Name) else None
    if callee is not None:
        yield from ((callee, parameter, value) for parameter, value in zip(_given(callee), call.args, strict=False))
        yield from ((callee, word.arg, word.value) for word in call.keywords if word.arg)


def _given(node: ast.FunctionDef) -> list[str]:
    return [item.arg for item in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
