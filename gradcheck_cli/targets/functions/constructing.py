"""Objects of a user's class, made with lengths in the place of what a constructor calls sizes."""

from __future__ import annotations

import ast
import copy
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, syntax
from gradcheck_cli.targets.functions.configuration import Configuration, configuration_of
from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.inputs.drawing import shape_of
from gradcheck_cli.targets.functions.inputs.proposals import CONSTANTS, SIZES, Proposal, proposals
from gradcheck_cli.targets.functions.inputs.ranked import by_rank
from gradcheck_cli.targets.functions.plain import parameters_of
from gradcheck_cli.targets.functions.read_later import read_later
from gradcheck_cli.targets.functions.spelling import BACKWARD_WORDS, tokens, word_set
from gradcheck_cli.targets.functions.state import held
from gradcheck_cli.targets.setting_now import made_in_float64

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
# Whole numbers on which no array that is held hangs.
_WINDOWS = word_set("stride strides step pad padding dilation dilate pool pooling window axis size width height")
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


@dataclass(frozen=True)
class Making:
    """One way to call a constructor: parameter -> a letter of `SIZES`, a tuple of letters, or a plain value.

    `filled` are attributes that it leaves to be set afterwards; `compared` are lengths of which the code asks whether
    the second is the first; `counts` are whole numbers with a default that a method reads.
    """

    owner: Any
    chosen: Mapping[str, Any]
    filled: Mapping[str, Any] = field(default_factory=dict)
    compared: tuple[tuple[str, str], ...] = ()
    counts: tuple[str, ...] = ()

    def instance(self, sizes: Mapping[str, int], settings: Mapping[str, Any] | None = None) -> Any:
        """A new object for these lengths, with settings other than the defaults.

        Raises:
            Exception: whatever the constructor raises.
        """
        with made_in_float64():
            made = self.owner(**{**self._arguments(sizes), **(settings or {})})
        for name, choice in self.filled.items():
            setattr(made, name, _value(choice, sizes))
        return made

    def _arguments(self, sizes: Mapping[str, int]) -> dict[str, Any]:
        return {name: _value(choice, sizes) for name, choice in self.chosen.items()}

    @property
    def has_lengths(self) -> bool:
        """Is the constructor handed a length?"""
        return any(isinstance(choice, Letter) for choice in self.chosen.values())

    def alike(self, sizes: Mapping[str, int]) -> Iterator[tuple[str, int]]:
        """Each length that the code compares with another, as long as that one: a block that adds its input back."""
        given = self._arguments(sizes)
        for first, second in self.compared:
            if type(given.get(first)) is int and type(given.get(second)) is int and given[first] != given[second]:
                yield second, given[first]

    def larger(self, sizes: Mapping[str, int]) -> Iterator[tuple[str, int]]:
        """Each count on which the shape of what is held hangs, as the number of groups, by one more."""
        for name in self.lengths:
            with suppress(Exception):  # whatever the constructor raises on a count that it is not meant for
                self.instance(sizes, {name: self._defaults[name] + 1})
                yield name, self._defaults[name] + 1

    @cached_property
    def _defaults(self) -> Mapping[str, int]:
        return {item.name: item.default for item in parameters_of(self.owner) if item.name in self.counts}

    @cached_property
    def lengths(self) -> tuple[str, ...]:
        """The counts on which the shape of something that is held hangs."""
        usual = self._shapes_with({})
        return tuple(name for name, now in self._defaults.items() if self._shapes_with({name: now + 1}) != usual)

    def _shapes_with(self, settings: Mapping[str, int]) -> dict[str, tuple[int, ...]] | None:
        try:
            return {one.path: one.array.shape for one in held(self.instance(SIZES[0], settings))}
        except Exception:  # whatever the constructor raises
            return None

    def sizes_of(self, arrays: Mapping[str, Array]) -> Mapping[str, int]:
        """The sizes of which arrays are, told by the lengths that the constructor is handed; the first where none tell.

        Where those of two sets are among them, the number of samples, which comes first, decides.
        """
        letters = [choice.letter for choice in self.chosen.values() if isinstance(choice, Letter)]
        shapes = [array.shape for array in arrays.values() if array.ndim]
        axes = {length for shape in shapes for length in shape}
        fitting = [sizes for sizes in SIZES if letters and all(sizes[letter] in axes for letter in letters)]
        first = {shape[0] for shape in shapes}
        return next((sizes for sizes in fitting if sizes["n"] in first), *fitting[:1]) if fitting else SIZES[0]

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Path -> what the constructor calls an array that it only puts into a list: `self.params = [Wx, Wh, b]`."""
        given = self._arguments(SIZES[0])
        names = {id(value): name for name, value in given.items() if isinstance(value, np.ndarray)}
        return {one.path: names[one.identity] for one in held(self.owner(**given)) if one.identity in names}

    @property
    def data(self) -> Mapping[str, Proposal]:
        """What is handed over as data, as `LogisticRegression(X, y)`: no gradient is owed of it."""
        return {
            name: Proposal("real", choice.axes, is_owed=False)
            for name, choice in {**self.chosen, **self.filled}.items()
            if isinstance(choice, Weights) and data_axes(name)
        }

    @property
    def settings(self) -> tuple[Parameter, ...]:
        """The constructor's switches, factors, words and sides of windows: what holds at these may not elsewhere.

        Those that it has defaults for, and those that are chosen here; a length is none, as what is held hangs on it.
        A whole number of another name is one where a method reads it, and nothing that is held hangs on it.
        """
        found = (
            item if item.has_default else replace(item, has_default=True, default=_plain(self.chosen.get(item.name)))
            for item in parameters_of(self.owner)
        )
        return tuple(
            item for item in found if (_is_setting(item) and "lr" not in item.name.lower()) or item.name in self.counts
        )

    @property
    def text(self) -> str:
        """ "Dense(n_in=5, n_out=6)", "Affine(W=an array 5x6)"."""
        said = ", ".join(f"{name}={_shown(choice)}" for name, choice in self.chosen.items())
        later = "".join(f", {name} set to {_shown(choice)}" for name, choice in self.filled.items())
        return f"{self.owner.__name__}({said}){later}"


def _plain(choice: Any) -> Any:
    return choice.value if isinstance(choice, Copied) else choice


def _is_setting(item: Parameter) -> bool:
    is_side = isinstance(item.default, int | tuple) and bool(set(tokens(item.name)) & _WINDOWS)
    return is_side or isinstance(item.default, bool | float | str)


@dataclass(frozen=True)
class Weights:
    """Normal numbers in the shape of these letters: a constructor that is handed what it is to hold."""

    axes: str


class Generator:
    """A source of random numbers, as new for each object."""


@dataclass(frozen=True)
class Copied:
    """What a call in the file hands over: a copy for each object, which may write into it."""

    value: Any


@dataclass(frozen=True)
class Letter:
    """A length by its letter; `form` is how it is handed: a number, or a tuple with one in it."""

    letter: str
    is_tuple: bool = False


@dataclass(frozen=True)
class SizeList:
    """The lengths of all layers in a list, by their letters: input, hidden, output."""

    letters: str


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
    yield from (Making(owner, chosen, compared=compared, counts=counts) for chosen in likely)


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
    """Lengths in its place, and then what its author thinks of: a derivative by each of thousands takes a minute."""
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
    """Lengths that are equal hide a lost transpose: unequal ones are tried first."""
    letters = [choice.letter for choice in chosen.values() if isinstance(choice, Letter)]
    of_weights = {part for choice in chosen.values() if isinstance(choice, Weights) for part in choice.axes.split()}
    return len(letters) - len(set(letters)) + sum(letter in of_weights for letter in letters)


def _configurations(owner: Any, item: Parameter) -> list[Any]:
    found = configuration_of(owner, item)
    return [] if found is None else [found]


def data_axes(name: str) -> tuple[str, ...]:
    """How the data lie that a constructor is handed and keeps, `LogisticRegression(X, y)`; () for what is none."""
    if name.strip("_") in ("X", "X_train", "data", "features"):
        return ("n d", "d n")
    return ("n", "n 1") if name.strip("_") in ("y", "Y", "y_train", "labels", "targets") else ()


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


def _value(choice: Any, sizes: Mapping[str, int]) -> Any:
    if isinstance(choice, Letter):
        return (sizes[choice.letter],) if choice.is_tuple else sizes[choice.letter]
    if isinstance(choice, SizeList):
        return [sizes[letter] for letter in choice.letters]
    if isinstance(choice, Weights):
        return np.random.default_rng(0).standard_normal(shape_of(choice.axes, sizes))
    if isinstance(choice, Generator):
        return np.random.default_rng(0)
    if isinstance(choice, Copied):
        return copy.deepcopy(choice.value)
    return choice.make() if isinstance(choice, Configuration) else choice


def _shown(choice: Any) -> str:
    if isinstance(choice, Weights):
        shape = shape_of(choice.axes, SIZES[0])
        return f"an array {'x'.join(map(str, shape))}" if shape else "a number"
    if isinstance(choice, Configuration):
        return choice.text
    if isinstance(choice, Copied):
        choice = choice.value
        if hasattr(choice, "shape"):
            return f"an array {'x'.join(map(str, choice.shape))}" if choice.shape else "a number"
    return str(getattr(choice, "__name__", "")) or repr(_value(choice, SIZES[0]))


def _slope(x: Any) -> Any:
    return 1 - np.tanh(x) ** 2
