"""Types of the user's own that hold one array, and perhaps remember how it was made: Tensor, Variable, Node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.base import is_tensor, to_numpy
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.conventions.state import GRADIENT_WORDS

# Where a type of the user's own keeps its array.
CONTENTS = ("data", "value", "array", "val", "values", "arr", "_data", "tensor", "numpy_data", "v")
# A switch of its constructor without which it remembers nothing.
SWITCHES = r"_?(requires|needs?|tracks?|wants?|with|has)_?(grad(ient)?s?|backward)|is_?(leaf|param(eter)?)|trainable"
LIBRARIES = ("torch", "numpy", "builtins", "typing", "collections", "jax", "gradcheck_cli")


@dataclass(frozen=True)
class OwnType:
    """One class, the attribute in which an instance keeps its array, and the switches that must be on."""

    kind: type
    content: str
    switches: tuple[str, ...] = ()

    def made(self, array: Array) -> Any:
        """An instance that holds `array`."""
        return self.kind(array, **dict.fromkeys(self.switches, True))

    def array(self, value: Any) -> Array | None:
        """What an instance holds, or the array itself; None for anything else."""
        inside = getattr(value, self.content, None) if isinstance(value, self.kind) else value
        return self.array(inside) if inside is not value and isinstance(inside, self.kind) else to_numpy(inside)


@dataclass(frozen=True)
class Leaf:
    """An instance that stands for one argument, and what it held besides its array before anything was done with it."""

    own: OwnType
    value: Any
    before: Mapping[str, Array | None]

    @classmethod
    def of(cls, own: OwnType, array: Array) -> Leaf:
        """A fresh one."""
        value = own.made(array)
        return cls(own, value, _besides(own, value))

    def gradient(self) -> Array | None:
        """The array of its own shape that changed since, the one whose name says gradient first; else that slot's."""
        shape = getattr(self.own.array(self.value), "shape", None)
        now = {name: array for name, array in _besides(self.own, self.value).items() if array is not None}
        fitting = {name: array for name, array in now.items() if array.shape == shape}
        changed = [name for name, array in fitting.items() if not _is_same(array, self.before.get(name))]
        named = sorted((name for name in [*changed, *fitting] if says_gradient(name)), key=lambda name: name in changed)
        chosen = (named[::-1] or changed)[:1]
        return np.array(fitting[chosen[0]]) if chosen else None


def says_gradient(name: str) -> bool:
    """`grad`, `g`, `_grad`, `gradient`: the slot in which a type keeps its gradient."""
    plain = name.lower().strip("_")
    return plain in GRADIENT_WORDS or bool(re.fullmatch(r"grad\w*|d|adjoint|cotangent|deriv\w*", plain))


def attributes(value: Any) -> dict[str, Any]:
    """What an object keeps, in its dict and in slots."""
    slots = [name for kind in type(value).__mro__ for name in _slots(kind) if hasattr(value, name)]
    return {**dict(getattr(value, "__dict__", {})), **{name: getattr(value, name) for name in slots}}


def own_types(scope: Mapping[str, Any]) -> Iterator[OwnType]:
    """The user's classes that are made from one array and hold it, a base before what is derived from it."""
    return _holding(_of_one_array(scope))


def switched_types(scope: Mapping[str, Any], source: Source) -> Iterator[OwnType]:
    """Those whose switches this definition looks at; of no other an instance is made."""
    return _holding(own for own in _of_one_array(scope) if own.switches and source.mentions(*own.switches))


def _of_one_array(scope: Mapping[str, Any]) -> Iterator[OwnType]:
    """The user's classes that may be made from one array; in what they keep it is not known yet."""
    kinds = dict.fromkeys(value for value in scope.values() if isinstance(value, type) and _is_users(value))
    for kind in sorted(kinds, key=lambda kind: len(kind.__mro__)):
        found = binding.parameters(kind)
        if found and [item for item in found if binding.required(item)] == found[:1]:
            switches = tuple(item.name for item in found[1:] if _is_switch(item.name) and item.default is False)
            yield OwnType(kind, "", switches)


def _holding(types: Iterable[OwnType]) -> Iterator[OwnType]:
    """Those that hold the array that they are made from; each is made once."""
    named = (replace(own, content=_content(own)) for own in types)
    return (own for own in named if own.content)


def plain(value: Any) -> Any:
    """What a type of the user's own holds; arrays, dicts and everything else as they are."""
    if isinstance(value, tuple | list) and to_numpy(value) is None:
        return type(value)(plain(item) for item in value) if type(value) in (tuple, list) else value
    if value is None or to_numpy(value) is not None or isinstance(value, Mapping):
        return value
    inside = [getattr(value, name, None) for name in CONTENTS]
    return next((item for item in inside if to_numpy(item) is not None), value)


def _is_users(kind: type) -> bool:
    return str(kind.__module__).partition(".")[0] not in LIBRARIES


def _is_switch(name: str) -> bool:
    return bool(re.fullmatch(SWITCHES, name.lower()))


def _slots(kind: type) -> Iterable[str]:
    found = vars(kind).get("__slots__", ())
    return (found,) if isinstance(found, str) else tuple(found)


def _content(own: OwnType) -> str:
    """The attribute in which an instance keeps the array that it was made from; "" without one."""
    example = np.arange(6.0).reshape(2, 3) + 1
    with suppress(Exception):
        made = own.made(example)
        if is_tensor(made) or isinstance(made, np.ndarray):
            return ""
        held = {name: to_numpy(value) for name, value in attributes(made).items() if not isinstance(value, int | float)}
        names = [name for name in (*CONTENTS, *held) if _is_same(held.get(name), example)]
        return names[0] if names else ""
    return ""


def _besides(own: OwnType, value: Any) -> dict[str, Array | None]:
    """A copy of every array, or array in the type, that an instance keeps next to its own."""
    found = {name: own.array(item) for name, item in attributes(value).items() if name != own.content}
    return {name: None if array is None else np.array(array) for name, array in found.items()}


def _is_same(one: Array | None, other: Array | None) -> bool:
    return one is not None and other is not None and one.shape == other.shape and np.array_equal(one, other)
