"""An argument that holds arrays in lists, dicts and objects, as a file hands it over: each array is one of its own.

`net = [{"W": ..., "b": ...}, ...]`, `params = ((W1, b1), (W2, b2))`, `model.Wxh`: what is needed is one such value.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.composed import ComposedPair
from gradcheck_cli.targets.functions.form import as_array
from gradcheck_cli.targets.functions.loss import LossForm
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.spelling import belongs_to

KeyPath: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class NestedArrays:
    """A parameter, and one value that it has been handed.

    Attributes:
        name: of the parameter.
        value: the arrays, numbers and words in it stand in lists, tuples, dicts and plain objects.
    """

    name: str
    value: Any

    @property
    def leaves(self) -> dict[str, KeyPath]:
        """Each array of floating-point numbers: what it is called as an argument, and the way to it."""
        found = ((path, array) for path, value in _walked(self.value) if (array := _array(value)) is not None)
        return {self._named(path): path for path, array in found if array.dtype.kind == "f"}

    def _named(self, path: KeyPath) -> str:
        return re.sub(r"\W", "_", "_".join([self.name, *map(str, path)]))

    def arrays(self, value: Any) -> dict[str, Array] | None:
        """Those of another value that is built as this one; None of one that is not."""
        try:
            found = {name: _array(_at(value, path)) for name, path in self.leaves.items()}
        except (KeyError, IndexError, TypeError, AttributeError):
            return None
        known = {name: each for name, each in found.items() if each is not None}
        return known if len(known) == len(found) else None

    def made(self, arrays: Mapping[str, Any]) -> Any:
        """A new value with these arrays in the places of its own."""
        return _with(self.value, {path: arrays[name] for name, path in self.leaves.items() if name in arrays})

    def gradients(self, result: Any) -> dict[str, Any] | None:
        """Those of its arrays, of a result that is built as it is, with dW for W; None of any other result."""
        found = {name: _gradient_at(result, path) for name, path in self.leaves.items()}
        known = {name: value for name, value in found.items() if value is not None}
        return known if known and len(known) == len(found) else None


def nested_in(call: Mapping[str, Any]) -> list[NestedArrays]:
    """The arguments that hold arrays of floating-point numbers and are none."""
    found = (NestedArrays(name, value) for name, value in call.items() if _array(value) is None)
    return [each for each in found if each.leaves]


def with_nested(form: PairForm | LossForm, nested: Sequence[NestedArrays]) -> PairForm | LossForm:
    """The form that takes each array in these by itself, and gives the gradient of each."""
    if isinstance(form, LossForm):
        return LossForm(_opened(form.function, nested, True))
    fore, back = (_opened(function, nested, is_back) for function, is_back in ((form.fore, False), (form.back, True)))
    if isinstance(form, ComposedPair):
        losses = tuple(_opened(function, nested, False) for function in form.losses)
        return replace(form, fore=fore, back=back, losses=losses)
    return replace(form, fore=fore, back=back)


def _opened(function: PlainFunction, nested: Sequence[NestedArrays], is_back: bool) -> PlainFunction:
    """A function that takes the arrays; of a backward also what it gives is taken apart."""
    try:
        signature = inspect.signature(function.call)
    except (TypeError, ValueError):
        return function
    own = [each for each in nested if each.name in signature.parameters]
    given = own if not is_back else nested
    return replace(function, call=_Opened(function.call, signature, tuple(own), tuple(given) if is_back else ()))


@dataclass(frozen=True)
class _Opened:
    call: Callable[..., Any]
    signature: inspect.Signature
    taken: tuple[NestedArrays, ...]
    given: tuple[NestedArrays, ...]

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.KEYWORD_ONLY
        leaves = {each.name: each.leaves for each in self.taken}
        found: list[inspect.Parameter] = []
        for name, item in self.signature.parameters.items():
            if name in leaves:
                found += [inspect.Parameter(leaf, kind) for leaf in leaves[name]]
            else:
                found.append(item.replace(kind=kind))
        return inspect.Signature(found)

    def __call__(self, **given: Any) -> Any:
        """What the function gives on the arrays, put back into their places."""
        for each in self.taken:
            given[each.name] = each.made({name: given.pop(name) for name in each.leaves if name in given})
        result = call_by_name(self.call, {name: given[name] for name in self.signature.parameters if name in given})
        whole = self._taken_apart(result)
        if whole is result and isinstance(result, tuple):
            return tuple(map(self._taken_apart, result))
        return whole

    def _taken_apart(self, result: Any) -> Any:
        ways = (each.gradients(result) for each in self.given)
        return next((found for found in ways if found is not None), result)


def _array(value: Any) -> Array | None:
    return as_array(value) if hasattr(value, "shape") else None


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    """What a value holds, by key, by place or by attribute; nothing of an array or a number."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
    elif _array(value) is None and not callable(value):
        yield from getattr(value, "__dict__", {}).items()


def _walked(value: Any, before: KeyPath = (), above: tuple[Any, ...] = ()) -> Iterator[tuple[KeyPath, Any]]:
    """What a value holds at any depth, and the way to it; not once more what refers back, as `child.parent`."""
    yield before, value
    around = (*above, value)
    for key, inner in _parts(value):
        if not is_one_of(inner, around):
            yield from _walked(inner, (*before, key), around)


def is_one_of(value: Any, others: Sequence[Any]) -> bool:
    """Is it one of these very objects, whatever it says of being equal?"""
    return any(value is other for other in others)


def _at(value: Any, path: KeyPath) -> Any:
    for key in path:
        value = value[key] if isinstance(value, Mapping | list | tuple) else getattr(value, key)
    return value


def _with(value: Any, arrays: Mapping[KeyPath, Any]) -> Any:
    """A copy, down to where an array changes."""
    if () in arrays:
        return arrays[()]
    below = {key: {path[1:]: array for path, array in arrays.items() if path[0] == key} for key, _ in _parts(value)}
    changed = {key: _with(inner, below[key]) if below[key] else inner for key, inner in _parts(value)}
    if isinstance(value, Mapping):
        return changed
    if isinstance(value, list | tuple):
        parts = list(changed.values())
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    made = copy.copy(value)
    for name, each in changed.items():
        object.__setattr__(made, name, each)
    return made


def _gradient_at(result: Any, path: KeyPath) -> Any:
    """What a result has at a path, a key or an attribute being called as the gradient of what is there."""
    for key in path:
        parts = dict(_parts(result))
        if key not in parts and isinstance(key, str):
            key = next((other for other in map(str, parts) if belongs_to(other, [key]) == key), key)
        if key not in parts:
            return None
        result = parts[key]
    return result if np.ndim(result) or _array(result) is not None or isinstance(result, float) else None
