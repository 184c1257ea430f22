"""Objects that are given where a layer wants an optimiser, a previous layer or a function."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions.base import collect, to_numpy


class StandInOptimizer:
    """Plain gradient descent with a learning rate of 1, which remembers the arrays that it was handed.

    Attributes:
        handed: (key, array) of the calls since `forget`; keys are positions and dict keys ("1", "0.dW").
    """

    def __init__(self, *_: Any, **__: Any) -> None:
        self.lr = self.learning_rate = 1.0
        self.handed: list[tuple[str, Array]] = []

    def __call__(self, *given: Any, **named: Any) -> Any:
        """parameter - gradient for two arrays, also when a layer hands over its name or its cost too."""
        found = collect({**{str(index): value for index, value in enumerate(given)}, **named})
        self.handed += [(key, array) for key, array in found.items() if array.ndim]
        arrays = [value for value in (*given, *named.values()) if to_numpy(value) is not None and np.ndim(value)]
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


def identity(x: Any, *_: Any, **__: Any) -> Any:
    """An activation that does nothing."""
    return np.asarray(x)
