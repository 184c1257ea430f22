"""Parameters in a dict whose keys the code counts, as `parameters["W" + str(l)]`, or names, and that nobody makes.

Which letters there are is read off the code; how the arrays lie is tried: (out, in) beside columns, (in, out) beside
rows.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, syntax
from gradcheck_cli.targets.functions.inputs.proposals import is_bias_name
from gradcheck_cli.targets.functions.plain import PlainFunction

_COUNTED = (
    r"""\[\s*(?:(['"])([A-Za-z_]+)\1\s*\+\s*str\(|[fF](['"])([A-Za-z_]+)\{|(['"])([A-Za-z_]+)%[ds]\5\s*%"""
    r"""|(['"])([A-Za-z_]+)\{0?\}\7\.format\()"""
)
# `parameters["W1"]`: as many layers as there are numbers.
_NUMBERED = r"""\[\s*(['"])([A-Za-z_]+)(\d)\1\s*\]"""
# The lengths of networks of one, two and three layers, as a constructor would call them.
_ENDS = {1: ("n_in", "n_out"), 2: ("n_in", "n_hidden", "n_out"), 3: ("n_in", "n_hidden1", "n_hidden2", "n_out")}
_Lie = Callable[[int, int], tuple[tuple[int, ...], tuple[int, ...]]]
# (inputs, outputs) -> the shapes of the weights and of the bias.
_LIES: tuple[_Lie, ...] = (
    lambda inputs, outputs: ((outputs, inputs), (outputs, 1)),
    lambda inputs, outputs: ((inputs, outputs), (1, outputs)),
    lambda inputs, outputs: ((inputs, outputs), (outputs,)),
)


def keys_returned(source: str, name: str) -> list[str]:
    """The keys of the dict that the last return statement of a function of this name spells out; [] for no dict."""
    functions = (each for each in syntax.nodes_in(source) if isinstance(each, ast.FunctionDef) and each.name == name)
    node = next(functions, ast.Module([], []))
    returns = [each for each in ast.walk(node) if isinstance(each, ast.Return)]
    value = max(returns, key=lambda each: each.lineno).value if returns else None
    keys = [getattr(key, "value", None) for key in value.keys] if isinstance(value, ast.Dict) else []
    return [key for key in keys if isinstance(key, str)]


def letters_of(source: str, name: str) -> tuple[tuple[str, ...], int]:
    """What stands before the numbers in the keys of a dict, and how many layers it has; 0 where the code counts them.

    ((), 0) where it has no such keys.
    """
    counted = _counted_letters(source, name)
    return (counted, 0) if counted else _numbered_letters(source, name)


def _counted_letters(source: str, name: str) -> tuple[str, ...]:
    """What stands before the number in the keys of a dict: ("W", "b"); () where none are counted."""
    found = [
        match[2] or match[4] or match[6] or match[8] for match in re.finditer(rf"\b{re.escape(name)}{_COUNTED}", source)
    ]
    return tuple(dict.fromkeys(found))


def _numbered_letters(source: str, name: str) -> tuple[tuple[str, ...], int]:
    """What stands before the numbers in the keys of a dict, and how many layers these are; ((), 0) where none are.

    `parameters["W1"]` and `["W2"]` beside `["b1"]` and `["b2"]` are (("W", "b"), 2).
    """
    found: dict[str, set[int]] = {}
    for match in re.finditer(rf"\b{re.escape(name)}{_NUMBERED}", source):
        found.setdefault(match[2], set()).add(int(match[3]))
    counts = {frozenset(numbers) for numbers in found.values()}
    count = len(next(iter(counts), ()))
    is_whole = counts == {frozenset(range(1, count + 1))} and count in _ENDS
    return (tuple(found), count) if is_whole else ((), 0)


def keyed_makings(source: str, name: str) -> Iterator[PlainFunction]:
    """Makers of such a dict, one for each way in which its arrays may lie; none where the code has no such keys.

    Args:
        source: of the forward and of what it uses.
        name: of the dict.
    """
    letters, layers = letters_of(source, name)
    weights = [letter for letter in letters if not is_bias_name(letter)]
    biases = [letter for letter in letters if is_bias_name(letter)]
    if len(weights) != 1 or len(biases) > 1:
        return
    said = f"the code, as it {'names' if layers else 'counts'} the keys of {name},"
    for lie in _LIES if biases else _LIES[:2]:
        make = _maker(weights[0], biases, lie)
        yield PlainFunction(_of_lengths(make, _ENDS[layers]) if layers else make, None, said)


def _of_lengths(make: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """The same maker, handed its lengths one by one: of so many layers and no others."""

    def made(**lengths: int) -> Any:
        return make([lengths[name] for name in names])

    kind = inspect.Parameter.KEYWORD_ONLY
    made.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return made


def _maker(weight: str, biases: Sequence[str], lie: _Lie) -> Callable[..., Mapping[str, Any]]:
    def make(layer_dims: Sequence[int]) -> Mapping[str, Array]:
        generator = np.random.default_rng(0)
        made: dict[str, Array] = {}
        for number, (inputs, outputs) in enumerate(itertools.pairwise(layer_dims), 1):
            shapes = dict(zip((weight, *biases), lie(inputs, outputs), strict=False))
            made |= {f"{letter}{number}": generator.standard_normal(shape) for letter, shape in shapes.items()}
        return made

    return make
