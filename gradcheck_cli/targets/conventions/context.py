"""The object that a static forward hands to its backward, where it is not torch's: the file's own, or a stand-in."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from gradcheck_cli.targets.conventions.settings import NotToldError
from gradcheck_cli.targets.conventions.source import Source


class StandInContext:
    """Given where a static forward and backward share a `ctx` that is not torch's, and no class of the file is one.

    `methods`: what the forward calls on it. One that we lack is our lack, and no mistake of the user's.
    """

    def __init__(self, methods: frozenset[str] = frozenset()) -> None:
        self.methods = methods
        self.saved_tensors: tuple[Any, ...] = ()
        self.saved_data: dict[str, Any] = {}
        self.needs_input_grad = (True,) * 16

    def save_for_backward(self, *tensors: Any, **named: Any) -> None:
        """Keep what backward will ask for."""
        self.saved_tensors = tensors
        self.saved_data = named

    def __getattr__(self, name: str) -> Any:
        """What was not set.

        Raises:
            NotToldError: a method of a context that we do not know.
        """
        if name in self.__dict__.get("methods", ()):
            raise NotToldError(name)
        raise AttributeError(f"the context has no {name}")


def context_for(source: Source, name: str, scope: Mapping[str, Any]) -> Any:
    """A fresh context for a forward.

    Args:
        source: of the forward.
        name: its parameter for the context.
        scope: the file's names. A class of the file that has all the methods which the forward calls is taken.
    """
    methods = _called(source, name)
    home = scope.get("__name__")
    for kind in scope.values():
        own = isinstance(kind, type) and kind.__module__ == home
        if own and methods and all(hasattr(kind, method) for method in methods):
            with suppress(Exception):  # its constructor may want something
                return kind()
    return StandInContext(methods)


@cache  # a forward is run hundreds of times while its layout is looked for
def _called(source: Source, name: str) -> frozenset[str]:
    calls = [node.func for node in source.walk() if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return frozenset(call.attr for call in calls if isinstance(call.value, ast.Name) and call.value.id == name)
