"""Which of somebody's arrays is which argument of a layer: by name first, by shape second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.fitting import Fit, fits
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerConstant
from gradcheck_cli.layers.known.naming import plain
from gradcheck_cli.model import Array


@dataclass(frozen=True)
class Theirs:
    """What a forward was handed, sorted.

    Attributes:
        arrays: by the name of the parameter, or the key where a dict held them.
        constants: numbers, flags and words, by name or key.
        must: the arrays that are parameters of their own, so that a layer without them is another layer.
    """

    arrays: Mapping[str, Array]
    constants: Mapping[str, LayerConstant]
    must: frozenset[str]


@dataclass(frozen=True)
class BoundArguments:
    """One array of theirs read as one argument of ours."""

    argument: str
    theirs: str
    fit: Fit


def read(values: Mapping[str, Any]) -> Theirs:
    """Arrays and constants apart; what stands in a dict is taken by its key, where no parameter has that name."""
    arrays: dict[str, Array] = {}
    constants: dict[str, LayerConstant] = {}
    for name, value in _flat(values):
        if isinstance(value, np.ndarray):
            arrays.setdefault(name, value)
        elif value is None or isinstance(value, bool | int | float | str):
            constants.setdefault(name, value)
    must = frozenset(name for name, value in values.items() if isinstance(value, np.ndarray))
    return Theirs(arrays, constants, must)


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, value) for name, value in values.items() if not isinstance(value, Mapping))
    for value in values.values():
        if isinstance(value, Mapping):
            yield from _flat(value)


def bindings(
    layer: KnownLayer, theirs: Theirs, arrangement: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[BoundArguments, ...]]:
    """Every way to hand their arrays to the layer in which the letters of the axes stand for one size each."""
    yield from _bound(layer.arguments, theirs, arrangement, {}, ())


def _bound(
    arguments: Sequence[Argument],
    theirs: Theirs,
    arrangement: Mapping[str, tuple[int, ...]],
    sizes: Mapping[str, int],
    done: tuple[BoundArguments, ...],
) -> Iterator[tuple[BoundArguments, ...]]:
    used = {bound.theirs for bound in done}
    if not arguments:
        if theirs.must <= used:
            yield done
        return
    argument, *rest = arguments
    for name in _candidates(argument, theirs, used):
        for fit, ours in fits(theirs.arrays[name].shape, len(argument.axes), arrangement.get(argument.name, ())):
            known = _agreed(sizes, argument.axes, ours)
            if known is not None:
                yield from _bound(rest, theirs, arrangement, known, (*done, BoundArguments(argument.name, name, fit)))
    if argument.is_optional:
        yield from _bound(rest, theirs, arrangement, sizes, done)


def _candidates(argument: Argument, theirs: Theirs, used: set[str]) -> list[str]:
    """Those of its names first; then the other parameters that hold numbers of its kind."""
    spelled = [plain(name) for name in argument.spellings]
    free = [name for name in theirs.arrays if name not in used]
    named = sorted((name for name in free if plain(name) in spelled), key=lambda name: spelled.index(plain(name)))
    exact = [name for name in named if name in argument.spellings]
    others = [name for name in free if name in theirs.must and _is_of_its_kind(theirs.arrays[name], argument)]
    return list(dict.fromkeys([*exact, *named, *others]))


def _is_of_its_kind(array: Array, argument: Argument) -> bool:
    """Indices are integers, what is differentiated is not; a mask is either."""
    if argument.limit:
        return array.dtype.kind in "iu"
    return array.dtype.kind == "f" or not argument.domain.is_differentiated


def _agreed(sizes: Mapping[str, int], letters: str, shape: tuple[int, ...]) -> dict[str, int] | None:
    """The sizes of the letters with these; None where a letter would stand for two sizes."""
    known = dict(sizes)
    for letter, size in zip(letters, shape, strict=True):
        if known.setdefault(letter, size) != size:
            return None
    return known
