"""Arrays that code reads as C does, one row behind the other: `x[i * nin + k]` has n * nin numbers."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.functions.spelling import word_set

# Lengths that differ from each other and are short, as such code goes through loops of Python.
_LETTERS = "nchdmvtw"
# Of these, what a window of 2 or 3 numbers takes several steps along.
_LONGER = "hdmvtw"
# Sides of a window are shorter than what it slides over.
_WINDOWS = word_set("k kh kw ks ksize kernel window")
_WINDOW = "k"
# Of a number that only a loop ends by.
_IN_LOOPS = 2


def of_flat(source: str, name: str, parameters: Sequence[str]) -> list[Proposal]:
    """What a parameter of such code is: an array with a product of lengths, or one of these; [] of other code."""
    lengths = _flat_lengths(source)
    if not any(len(each) > 1 and set(each) <= set(parameters) for each in lengths.values()):
        return []
    last = {each[-1] for each in lengths.values()}
    letters = _letters([each for each in parameters if any(each in one for one in lengths.values())], last)
    if name in letters:
        return [Proposal("length", below=letters[name])]
    if name in lengths and set(lengths[name]) <= letters.keys():
        return [Proposal("real", "*".join(letters[each] for each in lengths[name]))]
    return [Proposal("constant", value=_IN_LOOPS)] if name in _ends(source) else []


def _letters(names: Sequence[str], last: Collection[str]) -> dict[str, str]:
    """Each a letter of its own; `last` are those along which a window may slide."""
    found: dict[str, str] = {}
    for name in names:
        spare = [letter for letter in (_LONGER if name in last else _LETTERS) if letter not in found.values()]
        found[name] = _WINDOW if name.lower() in _WINDOWS else spare[0] if spare else _LONGER[-1]
    return found


@lru_cache(maxsize=16)
def _flat_lengths(source: str) -> Mapping[str, tuple[str, ...]]:
    """Array -> the names of the lengths whose product it has, of those whose every index is of that kind."""
    nodes = syntax.nodes_in(source)
    loops: dict[str, tuple[str, ...]] = {}
    assigned: dict[str, ast.expr] = {}
    for node in nodes:
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=[*_, end])):
                loops.setdefault(name, _factors(end))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                assigned.setdefault(name, value)
    found: dict[str, tuple[str, ...]] = {}
    for node in nodes:
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                lengths = _lengths_of(index, loops, assigned)
                if lengths and len(lengths) >= len(found.get(name, ())):
                    found[name] = lengths
    return found


def _factors(node: ast.expr) -> tuple[str, ...]:
    """`n` and `c` of `n * c`; () where something else stands there."""
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            one, other = _factors(left), _factors(right)
            return (*one, *other) if one and other else ()
    return ()


def _lengths_of(
    index: ast.expr, loops: Mapping[str, tuple[str, ...]], assigned: Mapping[str, ast.expr]
) -> tuple[str, ...]:
    """(n, nin) of `i * nin + k`, where i goes up to n; of nothing else anything."""
    match index:
        case ast.Name(id=name) if name in loops:
            return loops[name]
        case ast.Name(id=name) if name in assigned:
            rest = {other: value for other, value in assigned.items() if other != name}
            return _lengths_of(assigned[name], loops, rest)
        case ast.BinOp(op=ast.Add(), left=ast.BinOp(op=ast.Mult(), left=row, right=ast.Name(id=length))):
            rows = _lengths_of(row, loops, assigned)
            return (*rows, length) if rows else ()
        case ast.BinOp(op=ast.Add(), left=left):
            return _lengths_of(left, loops, assigned)
    return ()


@lru_cache(maxsize=16)
def _ends(source: str) -> frozenset[str]:
    calls = (node for node in syntax.nodes_in(source) if isinstance(node, ast.Call) and syntax.called(node) == "range")
    return frozenset(each.id for call in calls for each in call.args if isinstance(each, ast.Name))
