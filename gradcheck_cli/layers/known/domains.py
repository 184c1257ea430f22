"""What an argument of a layer may hold, and how such values are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from gradcheck_cli.model import Array, Shape

# (generator, shape, how many values an index may take) -> values.
DrawArray: TypeAlias = Callable[[np.random.Generator, Shape, int], Array]


@dataclass(frozen=True)
class Domain:
    """A set of values.

    Attributes:
        name: in a sentence, "real numbers".
        draw: generic values of it in float64, or integers where it is integers.
        is_differentiated: whether a gradient with respect to such an argument exists.
        exact: values on which sums and products are exact in every order: small integers; None where there are none.
    """

    name: str
    draw: DrawArray
    is_differentiated: bool = True
    exact: DrawArray | None = None


def _normal(rng: np.random.Generator, shape: Shape, _: int) -> Array:
    return rng.standard_normal(shape)


def _small_integers(rng: np.random.Generator, shape: Shape, _: int) -> Array:
    """-4 to 4 without 0: a zero would hide that it was not multiplied by."""
    return np.asarray(rng.integers(1, 5, shape) * rng.choice([-1, 1], shape), np.float64)


def _distinct(rng: np.random.Generator, shape: Shape, _: int) -> Array:
    """Integers of both signs without 0, none twice: no ties and no kinks."""
    count = int(np.prod(shape))
    magnitudes = rng.permutation(np.arange(1, count + 1))
    return np.asarray(magnitudes * rng.choice([-1, 1], count), np.float64).reshape(shape)


def _positive(rng: np.random.Generator, shape: Shape, _: int) -> Array:
    return np.asarray(rng.uniform(0.5, 2.0, shape))


def _unit(rng: np.random.Generator, shape: Shape, _: int) -> Array:
    return rng.uniform(0.05, 0.95, shape)


def _below(rng: np.random.Generator, shape: Shape, limit: int) -> Array:
    """Integers below `limit`, one twice where there is room: repeats show what only writes where it must add."""
    drawn = rng.integers(0, limit, shape)
    if drawn.size > 1:
        drawn.flat[-1] = drawn.flat[0]
    return drawn


def _mask(rng: np.random.Generator, shape: Shape, _: int) -> Array:
    """Zeros and ones: every third cell is dropped, so that no row of two or more is dropped whole."""
    cells = (np.arange(int(np.prod(shape))) + rng.integers(3)) % 3 != 0
    return np.asarray(cells, np.float64).reshape(shape)


REAL = Domain("real numbers", _normal, exact=_small_integers)
DISTINCT = Domain("real numbers without ties", _normal, exact=_distinct)
UNIT = Domain("numbers between 0 and 1", _unit)
INDEX = Domain("indices", _below, is_differentiated=False, exact=_below)
MASK = Domain("zeros and ones", _mask, is_differentiated=False, exact=_mask)
STATE = Domain("real numbers that are taken as constants", _normal, is_differentiated=False)
POSITIVE_STATE = Domain("positive numbers that are taken as constants", _positive, is_differentiated=False)


def zero_or_far(_: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Array]:
    """0, and 64, where tanh, a sigmoid and the error function are 1 to the last bit: their slopes are exact at both."""
    count = sizes["n"] * sizes["d"]
    return {"x": np.where(np.arange(count) % 3, 0.0, 64.0).reshape(sizes["n"], sizes["d"])}
