"""A function of the user's by itself: what it takes, and how it is called."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType
from typing import Any

from gradcheck_cli.targets.functions.form import Parameter


@dataclass(frozen=True)
class PlainFunction:
    """A function of the user's, its syntax, and the text of it and of what it uses in its file.

    `meaning`: what is made of what it gives, one clause; "" for nothing.
    """

    call: Callable[..., Any]
    node: ast.AST | None
    name: str
    source: str = ""
    meaning: str = ""

    def parameters(self) -> tuple[Parameter, ...]:
        """Its parameters, without those that collect the rest."""
        return self._parameters

    @cached_property
    def _parameters(self) -> tuple[Parameter, ...]:
        return parameters_of(self.call)

    @property
    def takes_more(self) -> bool:
        """Does it collect the rest of its arguments, as `reshape(self, *shape)`?"""
        return bool(getattr(getattr(self.call, "__code__", None), "co_flags", 0) & inspect.CO_VARARGS)


@dataclass(frozen=True)
class Remade:
    """A function of the user's, and what is made of all that it gives."""

    call: Callable[..., Any]
    remake: Callable[[Any], Any]

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.call)

    def __call__(self, **given: Any) -> Any:
        """What is made of it."""
        return self.remake(call_by_name(self.call, given))


def parameters_of(call: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters that can be handed by name; none where nobody can tell."""
    try:
        found = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(
        Parameter(
            item.name,
            item.default is not item.empty,
            None if item.default is item.empty else item.default,
            "" if item.annotation is item.empty else inspect.formatannotation(item.annotation),
        )
        for item in found
        if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)
    )


def call_by_name(call: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """Call with what it takes by position where it must be, else by name."""
    try:
        by_position = _positional_only(call)
    except (TypeError, ValueError):
        return call(*values.values())
    first = [value for name, value in values.items() if name in by_position]
    return call(*first, **{name: value for name, value in values.items() if name not in by_position})


def _positional_only(call: Callable[..., Any]) -> Sequence[str]:
    """The parameters that can be handed by position alone.

    A function that is nothing but its code says it by itself: a signature takes as long as a small forward.

    Raises:
        TypeError, ValueError: nobody can tell.
    """
    function = getattr(call, "__func__", call)
    if type(function) is FunctionType and not function.__dict__:
        code = function.__code__
        return code.co_varnames[: code.co_posonlyargcount]
    found = inspect.signature(call).parameters.items()
    return [name for name, item in found if item.kind is item.POSITIONAL_ONLY]
