"""What an object holds: its parameters, and the gradients that it keeps of them. Arrays by path: "W", "params.W"."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from functools import cache
from types import CodeType
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.form import as_array, is_listed
from gradcheck_cli.targets.functions.measuring import keys_given, measured, moved_on
from gradcheck_cli.targets.functions.methods import FORWARDS, RATE
from gradcheck_cli.targets.functions.reading import of_list
from gradcheck_cli.targets.functions.spelling import (
    ANGLE_WORDS,
    belongs_to,
    goes_backward,
    looks_like_gradient,
    tokens,
    word_set,
)

# An object in a dict in an object is as deep as courses go.
DEPTH = 3
# Of the names of what is kept beside a parameter and is none: statistics, moments.
_NO_PARAMETER = ("_buffers.", "running", "moving", "cache", "mask", "velocity", "moment", "_m", "_v")
# And what the last call left; `weights_hidden_output` is a weight.
_LEFT = ("last", "input", "output")


# Numbers that are learnt where a method moves them; a rate or a count moves too.
_LEARNT = word_set("w weight weights b bias biases gamma beta theta slope intercept scale shift offset")
# A number that is called so is learnt, unless the constructor is given it.
_BIASES = word_set("b bias intercept")
# What the gradient of a forward's argument is called where the argument has a name of its own.
_OF_INPUT = ("dinputs", "dinput", "dx", "grad_input", "input_grad", "grad_inputs", "input_gradient", "grad")


@dataclass(frozen=True, eq=False)
class HeldParameter:
    """One array inside an object.

    Attributes:
        path: how it is reached, without the object's own name.
        holder: the object, dict or list that holds it directly.
        key: its attribute, key or place there.
        array: its numbers, as they are now.
        aliases: other places of the same array, as `params = [self.W, self.b]` has them.
        label: what the constructor was handed it as; "" where it is called by its path.
    """

    path: str
    holder: Any
    key: Any
    array: Array
    aliases: tuple[HeldParameter, ...] = ()
    label: str = ""

    @property
    def name(self) -> str:
        """The last part of the path; of a `.data` or `.value` the one before, as that says what it is."""
        return self.label or self.place.rpartition(".")[2]

    @property
    def place(self) -> str:
        """The path without the parts that say nothing of what it is: the same for `conv.W.value` and `conv.W.grad`."""
        parts = [part for part in self.path.split(".") if part not in ("data", "value", "val", "grad", "params")]
        return ".".join(parts) or self.path

    def put(self, value: Array) -> None:
        """Write other numbers in its place, as an array of its own: one array in all places where it was one.

        As a list, or as a plain number, where that was one and a number is written.
        """
        now = self._value
        if hasattr(now, "detach"):
            import torch

            now.data = torch.from_numpy(value.copy())  # a parameter stays the one that its module knows
            return
        is_plain = isinstance(now, list) or (isinstance(now, float) and not value.ndim)
        own = value.tolist() if is_plain else value.copy()
        for place in (self, *self.aliases):
            if isinstance(place.holder, MutableMapping | list):
                place.holder[place.key] = own
            else:
                setattr(place.holder, place.key, own)

    @property
    def _value(self) -> Any:
        is_inside = isinstance(self.holder, MutableMapping | list)
        return self.holder[self.key] if is_inside else getattr(self.holder, self.key)

    @property
    def identity(self) -> int:
        """The same for two places that hold one array."""
        return id(self._value)

    @property
    def is_numbered(self) -> bool:
        """Whether its place in a list is all that it is called."""
        return isinstance(self.key, int)


def learnt_numbers(instance: Any) -> list[str]:
    """The plain numbers that an object learns, as a bias of 0.0: it keeps or gives their gradient, or moves them."""
    numbers = {name for name, value in getattr(instance, "__dict__", {}).items() if _is_number(value)}
    methods = [
        held.__code__
        for kind in type(instance).__mro__
        for name, held in vars(kind).items()
        if name != "__init__" and hasattr(held, "__code__")
    ]
    stored = {name for code in methods for name in _stored(code)}
    owners = {belongs_to(name, sorted(numbers)) for name in stored - numbers}
    moved = {name for name in stored & numbers if set(tokens(name)) & _LEARNT}
    moved -= {name for code in methods for name in measured(code)}
    given = {key for code in methods if goes_backward(code.co_name) for key in keys_given(code)}
    moved |= {belongs_to(key, sorted(numbers - set(_constructor_names(instance)))) for key in given}
    moved |= {name for name in numbers if set(tokens(name)) & _BIASES and name not in _constructor_names(instance)}
    return sorted(name for name in owners | moved if name and not is_gradient(name))


@cache  # every call of the object asks again
def _stored(code: CodeType) -> frozenset[str]:
    """The attributes that a method sets."""
    return frozenset(str(step.argval) for step in dis.get_instructions(code) if step.opname == "STORE_ATTR")


def _constructor_names(instance: Any) -> Collection[str]:
    """What the constructor of an object is given, and what it calls for itself."""
    return getattr(getattr(type(instance).__init__, "__code__", None), "co_varnames", ())


def _is_number(value: Any) -> bool:
    return isinstance(value, float) and np.isfinite(value)


def held(instance: Any, labels: Mapping[str, str] | None = None) -> list[HeldParameter]:
    """All floating-point arrays inside an object, each once.

    Args:
        labels: path -> what it is called, of arrays that have no name in their places.
    """
    found: list[HeldParameter] = []
    seen: set[int] = set()

    def walk(holder: Any, prefix: str, depth: int) -> None:
        if id(holder) in seen:
            return
        seen.add(id(holder))
        for key, value in parts_of(holder):
            path = f"{prefix}{key}"
            if isinstance(value, np.ndarray) or hasattr(value, "detach") or is_listed(value):
                found.extend(_arrays_of(path, holder, key, value))
            elif depth and _is_open(value):
                walk(value, f"{path}.", depth - 1)

    walk(instance, "", DEPTH)
    labels = labels or {}
    each = _each_once(found)
    kept = [
        name for name, value in getattr(instance, "__dict__", {}).items() if _is_number(value) and is_gradient(name)
    ]
    numbers = [
        HeldParameter(name, instance, name, np.array(getattr(instance, name)))
        for name in (*learnt_numbers(instance), *kept)
    ]
    each = [replace(one, label=labels.get(one.path, "")) if one.is_numbered else one for one in each]
    return _by_place_where_alike(each) + numbers


def _by_place_where_alike(found: list[HeldParameter]) -> list[HeldParameter]:
    """Arrays that two parts of an object call alike are called by their places: `depthwise.W` and `pointwise.W`."""
    own = [one for one in found if not is_gradient(one.path) and not _is_other(one.path)]
    places: dict[str, set[str]] = {}
    for one in own:
        places.setdefault(one.name, set()).add(one.place)
    several = {
        place for alike in places.values() if len(alike) > 1 and all("." in each for each in alike) for place in alike
    }
    return [replace(one, label=one.place) if one.place in several and not one.label else one for one in found]


def _each_once(found: list[HeldParameter]) -> list[HeldParameter]:
    """An array that is held in several places, under the place that has a name."""
    same: dict[int, list[HeldParameter]] = {}
    for one in found:
        same.setdefault(one.identity, []).append(one)
    named = [sorted(places, key=lambda place: place.is_numbered) for places in same.values()]
    return [replace(first, aliases=tuple(others)) for first, *others in named]


def _arrays_of(path: str, holder: Any, key: Any, value: Any) -> Iterator[HeldParameter]:
    """An array, or a tensor and the gradient that it keeps."""
    array = as_array(value)
    if array is not None and array.dtype.kind == "f" and array.size:
        yield HeldParameter(path, holder, key, array)
    grad = as_array(value.grad) if getattr(value, "is_leaf", False) else None
    if grad is not None:
        yield HeldParameter(f"{path}.grad", value, "grad", grad)


def parts_of(holder: Any) -> Iterator[tuple[Any, Any]]:
    """What an object, a dict or a list holds, by attribute, key or place."""
    if isinstance(holder, Mapping):
        yield from list(holder.items())
    elif isinstance(holder, list):
        yield from enumerate(holder)
    else:
        yield from list(getattr(holder, "__dict__", {}).items())
        names = [name for kind in type(holder).__mro__ for name in getattr(kind, "__slots__", ()) if name != "__dict__"]
        yield from ((name, getattr(holder, name)) for name in names if isinstance(name, str) and hasattr(holder, name))


def _is_open(value: Any) -> bool:
    """A dict, a list, or an object of the user's own."""
    if isinstance(value, dict | list):
        return True
    module = type(value).__module__.partition(".")[0]
    return hasattr(value, "__dict__") and not isinstance(value, type) and module not in ("builtins", "numpy", "torch")


def parameters(instance: Any, labels: Mapping[str, str] | None = None) -> list[HeldParameter]:
    """The arrays that an object was made with and that are no gradients, no statistics and no moments.

    Args:
        labels: see `held`.
    """
    kind: Any = type(instance)
    moved = _moved_on(kind)
    found = [
        one
        for one in held(instance, labels)
        if not is_gradient(one.path) and not _is_other(one.path) and one.path not in moved
    ]
    names = [one.name for one in found]
    return [one for one in found if belongs_to(one.name, [name for name in names if name != one.name]) == ""]


def _moved_on(kind: Any) -> frozenset[str]:
    """The attributes that a forward moves on from what they were, as statistics of all batches so far."""
    methods = (inspect.unwrap(getattr(kind, name)) for name in FORWARDS if hasattr(kind, name))
    return frozenset().union(*(moved_on(method.__code__) for method in methods if hasattr(method, "__code__")))


def is_gradient(path: str) -> bool:
    """Does a path say that it holds a gradient: dW, grads.W, W.grad?"""
    parts = path.split(".")
    return any(looks_like_gradient(part) for part in parts)


def _is_other(path: str) -> bool:
    words = set(tokens(path.rpartition(".")[2]))
    is_weight = bool(words & _LEARNT)
    return bool(words & ANGLE_WORDS) or any(
        word in path.lower() for word in (_NO_PARAMETER if is_weight else (*_NO_PARAMETER, *_LEFT))
    )


def kept_for_input(instance: Any) -> Array | None:
    """The gradient that an object keeps of whatever its forward was given, by a name that says no more."""
    found = (one.array for one in held(instance) if one.path.rpartition(".")[2].lower() in _OF_INPUT)
    return next((array.copy() for array in found), None)


def switches_of(instance: Any, settings: Collection[str]) -> dict[str, bool]:
    """What an object holds that is True or False, beside what its constructor was told."""
    found = getattr(instance, "__dict__", {})
    return {name: value for name, value in found.items() if isinstance(value, bool) and name.strip("_") not in settings}


def kept_by_shape(instance: Any, left: Mapping[str, Array], missing: Mapping[str, Array]) -> dict[str, Array]:
    """Parameter -> what the backward left under a name that is not its own, where only one array has its shape.

    Of several of one shape the one that shares a word with it, and with no other: `db_in` is of `proj_in_b`.

    Args:
        left: what the object held before the backward, by path.
        missing: the parameters whose gradients are nowhere else, as they were.
    """
    moved = [
        one
        for one in held(instance)
        if not _is_other(one.path) and not np.array_equal(left.get(one.path, ()), one.array, equal_nan=True)
    ]
    names = [path.rpartition(".")[2] for path in left]
    found = {}
    for name, array in missing.items():
        fitting = [one for one in moved if one.array.shape == array.shape and one.name != name]
        # What is called the gradient of another is that of a weight that is frozen only by its shape.
        fitting = [one for one in fitting if belongs_to(one.name, names) in ("", name, one.name)]
        alike = [other for other, one in missing.items() if one.shape == array.shape]
        if len(alike) > 1:
            fitting = [one for one in fitting if [other for other in alike if _shares_word(one.name, other)] == [name]]
        if len(fitting) == 1:
            found[name] = fitting[0].array.copy()
    return found


def _shares_word(one: str, other: str) -> bool:
    """A letter is no word: all weights may be called W."""
    return any(len(word) > 1 for word in set(tokens(one)) & set(tokens(other)))


def kept_gradients(
    instance: Any, names: Mapping[str, tuple[int, ...]], labels: Mapping[str, str] | None = None
) -> dict[str, Array]:
    """Parameter -> the gradient that the object keeps of it, by name.

    Args:
        names: the parameters' names and shapes.
        labels: see `held`.
    """
    found: dict[str, list[Array]] = {}
    everything = held(instance, labels)
    # The gradient at a place of one list is that of the parameter at the same place of another.
    numbered = [(other.key, one) for one in everything for other in (one, *one.aliases) if other.is_numbered]
    places = {str(key): one.name for key, one in numbered if not is_gradient(one.path)}
    for one in everything:
        prefix, _, last = one.path.rpartition(".")
        owner = belongs_to(last, list(names)) or _of_this_part(prefix, last, names)
        if not owner and one.is_numbered:
            owner = of_list(one.path, one.array.shape, names)
        if not owner and one.is_numbered and is_gradient(one.path) and places.get(last) in names:
            owner = places[last]
        if owner.rpartition(".")[2] == last and not is_gradient(one.path.removesuffix(last)):
            continue  # it is the parameter itself
        if not owner and is_gradient(one.path) and one.name in names:
            owner = one.name  # W.grad
        if owner and (array := as_array(one.array)) is not None:
            found.setdefault(owner, []).append(array.copy())
    return {owner: _but_for_steps(arrays)[0] for owner, arrays in found.items()}


def _of_this_part(prefix: str, name: str, known: Iterable[str]) -> str:
    """The parameter of the same part of the object whose gradient a name says: `conv1.W` for `dW` in `conv1`.

    And for `W` in `conv1.grads`.
    """
    part = ".".join(each for each in prefix.split(".") if not looks_like_gradient(each))
    mine = {one.rpartition(".")[2]: one for one in known if part and one.rpartition(".")[0] == part}
    return mine.get(name if part != prefix and name in mine else belongs_to(name, list(mine)), "")


def _but_for_steps(kept: list[Array]) -> list[Array]:
    """Without those that are another one times the rate: an object may keep its last step beside the gradient."""
    return [array for array in kept if not any(_is_step(array, other) for other in kept)] or kept


def _is_step(array: Array, gradient: Array) -> bool:
    return bool(np.any(gradient)) and any(np.array_equal(array, rate * gradient) for rate in (RATE, -RATE))
