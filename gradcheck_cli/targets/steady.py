"""Sources of random numbers that nobody seeded give the same numbers each time: what is judged must be repeatable."""

from __future__ import annotations

import random
from typing import Any

import numpy as np


def steady_generators(seed: int) -> None:
    """`default_rng()`, `RandomState()` and `random.Random()` without a seed take this one, from now on in this process.

    The global functions of numpy are seeded before each call; a generator of its own would take the machine's entropy.
    """
    original = np.random.default_rng
    if getattr(original, "is_steady", False):
        return

    def default_rng(given: Any = None) -> np.random.Generator:
        return original(seed if given is None else given)

    default_rng.is_steady = True  # type: ignore[attr-defined]
    np.random.default_rng = default_rng  # type: ignore[assignment]
    np.random.RandomState = _steady(np.random.RandomState, seed)  # type: ignore[misc]
    random.Random = _steady(random.Random, seed)  # type: ignore[misc]


def _steady(kind: type[Any], seed: int) -> type[Any]:
    """The class, seeded where its objects are given nothing; those of the class itself are its objects too."""

    class Kind(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, kind) if cls is steady else super().__instancecheck__(instance)

    def begin(self: Any, *given: Any, **named: Any) -> None:
        is_given = any(each is not None for each in (*given, *named.values()))
        kind.__init__(self, *(given if is_given else (seed,)), **(named if is_given else {}))

    steady = Kind(kind.__name__, (kind,), {"__init__": begin, "__doc__": kind.__doc__, "__module__": kind.__module__})
    return steady
