"""Objects that are given where a layer wants an optimiser, a previous layer or a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions.base import to_numpy


@dataclass(frozen=True)
class Handed:
    """One array that an optimiser was given.

    Attributes:
        call: the number of the call.
        key: position and dict keys, "1", "0.dW".
        array: its values then.
        given: the object itself: the weights are told from a gradient of the same values by being the weights.
    """

    call: int
    key: str
    array: Array
    given: Any


class StandInOptimizer:
    """Plain gradient descent with a learning rate of 1, which remembers the arrays that it was handed.

    Attributes:
        handed: what the calls since `forget` gave.
    """

    def __init__(self, *_: Any, **__: Any) -> None:
        self.lr = self.learning_rate = 1.0
        self.handed: list[Handed] = []
        self.calls = 0

    def __call__(self, *given: Any, **named: Any) -> Any:
        """parameter - gradient for two arrays, also when a layer hands over its name or its cost too."""
        whole = {**{str(index): value for index, value in enumerate(given)}, **named}
        self.handed += [Handed(self.calls, key, np.array(to_numpy(item)), item) for key, item in _arrays(whole)]
        self.calls += 1
        arrays = [value for value in (*given, *named.values()) if _is_array(value)]
        if len(arrays) < 2 or np.shape(arrays[0]) != np.shape(arrays[1]):
            return None
        return arrays[0] - arrays[1]

    def forget(self) -> None:
        """Before a call whose gradients are wanted."""
        self.handed.clear()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__call__

    def __deepcopy__(self, memo: Any) -> StandInOptimizer:
        return self

    def __copy__(self) -> StandInOptimizer:
        return self


class StandInRandom(np.random.RandomState):
    """A source of random numbers with the methods of numpy's two kinds and of Python's."""

    def integers(self, low: int, high: int | None = None, size: Any = None, **_: Any) -> Any:
        """As numpy's Generator."""
        return self.randint(low, high, size)

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """As Python's."""
        return float(self.normal(mu, sigma))

    normalvariate = gauss


class StandInInitializer:
    """Gives an array for a shape, however it is asked: `init((4, 3))`, `init(4, 3)`, `init.sample(shape)`."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Numbers in the shape that was handed over, first of all as a tuple, else as whole numbers."""
        values = [*given, *named.values()]
        shapes = [value for value in values if isinstance(value, tuple | list) and value]
        sizes = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
        arrays = [np.shape(value) for value in values if _is_array(value)]
        return np.random.RandomState(0).normal(0.0, 0.1, [*map(tuple, shapes), *arrays, tuple(sizes)][0])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__call__

    def __deepcopy__(self, memo: Any) -> StandInInitializer:
        return self


def _is_array(value: Any) -> bool:
    array = None if isinstance(value, list) else to_numpy(value)
    return array is not None and array.ndim > 0


def _arrays(value: Any, key: str = "") -> list[tuple[str, Any]]:
    """(key, array) of every array inside; lists are taken apart, also where their arrays are of one shape."""
    if isinstance(value, dict | list | tuple):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for name, item in pairs for found in _arrays(item, f"{key}.{name}".strip("."))]
    array = to_numpy(value)
    return [] if array is None or not array.ndim else [(key, value)]


def identity(x: Any, *_: Any, **__: Any) -> Any:
    """An activation that does nothing."""
    return np.asarray(x)
