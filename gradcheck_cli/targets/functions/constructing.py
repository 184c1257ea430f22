"""Objects of a user's class, made with lengths in the place of what a constructor calls sizes."""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.configuration import configuration_of
from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.inputs.parameters import words_compared
from gradcheck_cli.targets.functions.inputs.proposals import CONSTANTS, proposals
from gradcheck_cli.targets.functions.inputs.ranked import by_rank
from gradcheck_cli.targets.functions.making import Generator, Letter, Making, SizeList, Weights, data_axes
from gradcheck_cli.targets.functions.plain import parameters_of
from gradcheck_cli.targets.functions.read_later import read_later
from gradcheck_cli.targets.functions.spelling import BACKWARD_WORDS, tokens, word_set

_IN = word_set(
    "in input inputs fan d dim features feature size width normalized shape model embed embedding n neurons D"
)
_OUT = word_set("out output outputs m hidden units classes class h neurons nodes to")
_CHANNELS = word_set("channel channels c planes maps")
_TABLE = word_set("vocab num rows entries tokens v words embeddings")
# The lengths of all layers in one list.
_LISTS = word_set("sizes dims dimensions layers topology architecture structure shapes")
# A function that is handed over: a smooth one, and its derivative.
_CALLED = word_set("activation func function fn nonlinearity prime derivative")
# What an object holds, by the names under which a constructor is handed it; a lone beta is a number.
_HELD = word_set("w b w1 b1 w2 b2 weight weights bias biases gamma beta wx wh")
_SCALES = word_set("gamma beta")
_NUMBERS = word_set("gamma beta")
# Beside a stride these are the sides of a window, and no lengths of what is held.
_SIDES = word_set("size width height pool pooling window kernel filter")
_STRIDES = word_set("stride strides")
_RANDOM = word_set("rng generator")
# Whole numbers with a default that are about the training, or about chance.
_OF_TRAINING = word_set("seed random epoch epochs iter iters iterations verbose batch workers jobs patience every")
# The end of one of several equal parts, 4*H or H*4 behind a colon.
_PART = re.compile(r":\s*(?:([34])\s*\*\s*[\w.]+|[\w.]+\s*\*\s*([34]))\s*\]")
# From here on two lengths make an array of a thousand entries.
LONG = 32
# What a constructor stores and calls is left out, if it may be.
MOST = 24


def makings(owner: Any, source: str = "") -> Iterator[Making]:
    """Ways to make an object, the likeliest first.

    Args:
        source: the class's text; "" where it is not at hand.
    """
    found_all = parameters_of(owner)
    names = {item.name for item in found_all if not item.has_default}
    wanted = [item for item in found_all if item.name in names or _is_long(item)]
    listed = [
        _shorter(item)
        if item.has_default
        else _configurations(owner, item)
        or [*_divided(item, found_all, source), *_sides(item, found_all), *_weights(item, names), *_options(item)]
        for item in wanted
    ]
    gates = _gates(source)
    of_gates = [next((n for n, each in enumerate(options) if _factor(each) == gates), 0) for options in listed]
    ranked = itertools.islice(by_rank([len(options) for options in listed]), MOST)
    found = [
        {item.name: options[place] for item, options, place in zip(wanted, listed, places, strict=True)}
        for places in ([tuple(of_gates)] if gates else []) + list(ranked)
    ]
    likely = sorted(found, key=lambda each: (*_multiples(each, gates), _repeats(each)))
    compared = _compared(source, [item.name for item in found_all])
    whole = [item.name for item in found_all if type(item.default) is int and item.has_default and not _is_long(item)]
    counts = read_later(source, [name for name in whole if not set(tokens(name)) & _OF_TRAINING])
    optional = [item.name for item in found_all if item.has_default and item.default is None]
    worded = tuple(name for name in optional if source and words_compared(source, name))
    yield from (Making(owner, chosen, compared=compared, counts=counts, worded=worded) for chosen in likely)


def _compared(source: str, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The constructor's parameters of which the code asks whether they are equal, in their own order."""
    found: dict[tuple[str, str], None] = {}
    for node in syntax.nodes_in(source):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            sides = [syntax.identifier(side) for side in (node.left, *node.comparators)]
            if len(sides) == 2 and set(sides) <= set(names) and sides[0] != sides[1]:
                first, second = sorted(sides, key=names.index)
                found[first, second] = None
    return tuple(found)


def _divided(item: Parameter, others: Sequence[Parameter], source: str) -> list[Any]:
    """Of a length that the code divides by a number with a default, as a width by eight heads: twice that number."""
    numbers = [
        other.default
        for other in others
        if type(other.default) is int
        and other.default > 1
        and re.search(rf"\b{re.escape(item.name)}\s*//\s*(?:self\.)?{re.escape(other.name)}\b", source)
    ]
    return [2 * math.lcm(*numbers)] if numbers else []


def _sides(item: Parameter, others: Sequence[Parameter]) -> list[Any]:
    """Of a window that is moved by a stride, where its name says no more than that it is a side."""
    words = tokens(item.name)
    is_moved = any(set(tokens(other.name)) & _STRIDES for other in others)
    return [CONSTANTS[word] for word in words[:1] if word in CONSTANTS and is_moved and set(words) <= _SIDES]


def _is_long(item: Parameter) -> bool:
    """Is a length left to its default that makes arrays of thousands: `hidden_dim=128`, `layers=(64, 64)`?"""
    listed = item.default if isinstance(item.default, list | tuple) else [item.default]
    is_length = bool(set(tokens(item.name)) & (_OUT | _IN | _LISTS))
    return is_length and bool(listed) and all(type(one) is int and one >= LONG for one in listed)


def _shorter(item: Parameter) -> list[Any]:
    """SizeList in its place, and then what its author thinks of: a derivative by each of thousands takes a minute."""
    if isinstance(item.default, int):
        return [Letter("m"), Letter("t"), item.default]
    return [SizeList("mtc"[: len(item.default)]), item.default] if len(item.default) < len("mtcm") else [item.default]


def _multiples(chosen: Mapping[str, Any], gates: str) -> tuple[int, bool]:
    """The weights of one layer have the same number of gates: 4H in all of them, or in none; as the code has them."""
    found = {_factor(choice) for choice in chosen.values()} - {None}
    return len(found), bool(gates) and gates not in found


def _factor(choice: Any) -> str | None:
    """ "4" of weights whose last axis is 4H, "" of others; None of what is no array."""
    if not isinstance(choice, Weights):
        return None
    last = choice.axes.split()[-1]
    return last[0] if len(last) > 1 and last[0].isdigit() else ""


def _gates(source: str) -> str:
    """The number of parts that the code takes of one axis, by the last of its slices: `A[:, 3*H:4*H]`; "" for none."""
    ends = [match[1] or match[2] for match in _PART.finditer(source)]
    return max(ends, default="")


def _repeats(chosen: Mapping[str, Any]) -> int:
    """SizeList that are equal hide a lost transpose: unequal ones are tried first."""
    letters = [choice.letter for choice in chosen.values() if isinstance(choice, Letter)]
    of_weights = {part for choice in chosen.values() if isinstance(choice, Weights) for part in choice.axes.split()}
    return len(letters) - len(set(letters)) + sum(letter in of_weights for letter in letters)


def _configurations(owner: Any, item: Parameter) -> list[Any]:
    found = configuration_of(owner, item)
    return [] if found is None else [found]


def _weights(item: Parameter, names: set[str]) -> list[Any]:
    """What is held is handed over by some constructors: `Affine(W, b)`, `BatchNormalization(gamma, beta)`."""
    plain = item.name.lower().strip("_")
    if {"X", "y"} <= {name.strip("_")[:1] for name in names} and data_axes(item.name):
        return [Weights(axes) for axes in data_axes(item.name)]
    if (
        item.annotation in ("int", "float", "bool")
        or plain not in _HELD
        or (plain in _NUMBERS and not names >= _SCALES)
    ):
        return []
    real = [each for each in proposals(item.name) if each.kind == "real" and each.axes]
    return [Weights(each.axes) for each in real[:4]]


def _options(item: Parameter) -> list[Any]:
    words = tokens(item.name)
    known = set(words)
    if known & _RANDOM:
        return [Generator(), None]
    if known & _CALLED:
        return [_slope if known & BACKWARD_WORDS else np.tanh]
    is_tuple = "shape" in known or "tuple" in item.annotation.lower()
    numbers = [CONSTANTS[word] for word in words if word in CONSTANTS and word not in _IN | _OUT | _CHANNELS | _TABLE]
    if numbers:
        return [numbers[-1], *(Letter(letter) for letter in "dm")]
    order = "dmcnh"
    if known & _TABLE and known & word_set("vocab embeddings words tokens entries rows"):
        order = "vdm"
    elif known & _CHANNELS:
        order = "cdm" if not known & _OUT else "mcd"
    elif known & _OUT and not known & word_set("in input"):
        order = "mdc"
    letters: list[Any] = [Letter(letter, is_tuple) for letter in order]
    if known & _LISTS and item.annotation not in ("int", "tuple"):
        return [SizeList("dmc"), *letters, None]
    return [*letters, Letter("d", not is_tuple), None]


def _slope(x: Any) -> Any:
    return 1 - np.tanh(x) ** 2
