"""One way to make an object of a user's class: what its constructor is handed, for any lengths."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.configuration import Configuration
from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.inputs.drawing import shape_of
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal
from gradcheck_cli.targets.functions.plain import parameters_of
from gradcheck_cli.targets.functions.spelling import tokens, word_set
from gradcheck_cli.targets.functions.state import held
from gradcheck_cli.targets.setting_now import made_in_float64

# Whole numbers on which no array that is held hangs.
WINDOWS = word_set("stride strides step pad padding dilation dilate pool pooling window axis size width height")


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


@dataclass(frozen=True)
class Making:
    """One way to call a constructor: parameter -> a letter of `SIZES`, a tuple of letters, or a plain value.

    `filled` are attributes that it leaves to be set afterwards; `compared` are lengths of which the code asks whether
    the second is the first; `counts` are whole numbers with a default that a method reads; `worded` are parameters that
    may be left out and that the code knows words for.
    """

    owner: Any
    chosen: Mapping[str, Any]
    filled: Mapping[str, Any] = field(default_factory=dict)
    compared: tuple[tuple[str, str], ...] = ()
    counts: tuple[str, ...] = ()
    worded: tuple[str, ...] = ()

    def instance(self, sizes: Mapping[str, int], settings: Mapping[str, Any] | None = None) -> Any:
        """A new object for these lengths, with settings other than the defaults.

        Raises:
            Exception: whatever the constructor raises.
        """
        with made_in_float64():
            made = self.owner(**{**self._arguments(sizes), **(settings or {})})
        for name, choice in self.filled.items():
            setattr(made, name, value_of(choice, sizes))
        return made

    def _arguments(self, sizes: Mapping[str, int]) -> dict[str, Any]:
        return {name: value_of(choice, sizes) for name, choice in self.chosen.items()}

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
            item
            for item in found
            if (_is_setting(item) and "lr" not in item.name.lower()) or item.name in (*self.counts, *self.worded)
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
    is_side = isinstance(item.default, int | tuple) and bool(set(tokens(item.name)) & WINDOWS)
    return is_side or isinstance(item.default, bool | float | str)


def data_axes(name: str) -> tuple[str, ...]:
    """How the data lie that a constructor is handed and keeps, `LogisticRegression(X, y)`; () for what is none."""
    if name.strip("_") in ("X", "X_train", "data", "features"):
        return ("n d", "d n")
    return ("n", "n 1") if name.strip("_") in ("y", "Y", "y_train", "labels", "targets") else ()


def value_of(choice: Any, sizes: Mapping[str, int]) -> Any:
    """What stands for a choice at these lengths, as new."""
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
    if isinstance(choice, Generator):
        return "a generator"
    if isinstance(choice, Copied):
        choice = choice.value
        if hasattr(choice, "shape"):
            return f"an array {'x'.join(map(str, choice.shape))}" if choice.shape else "a number"
    return str(getattr(choice, "__name__", "")) or repr(value_of(choice, SIZES[0]))
