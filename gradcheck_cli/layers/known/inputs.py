"""What to call somebody's forward with, where its name and its parameters' names tell a known layer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerConstant, LayerSetting
from gradcheck_cli.layers.known.naming import called, plain
from gradcheck_cli.layers.known.registry import KNOWN
from gradcheck_cli.model import Array

# What the batch axis is made of where people keep more axes than we: rows and columns, or steps in time.
_SPLIT = {1: (2,), 2: (2, 3)}
# Words in a function's name for inputs with steps in time.
_IN_TIME = ("temporal", "sequence", "timestep", "timedistributed")


@dataclass(frozen=True)
class LayerGuess:
    """One way to call a forward.

    Attributes:
        layer: what it is taken for, by name alone.
        values: for its parameters by name, in their order.
        differentiated: those that a gradient is owed for.
    """

    layer: KnownLayer
    values: Mapping[str, Any]
    differentiated: tuple[str, ...]


def guesses(name: str, parameters: Mapping[str, bool], seed: int, *, grown: int = 0) -> Iterator[LayerGuess]:
    """Ways to call the forward called `name`, the likeliest first. Whether one runs is for the caller to try.

    Args:
        name: of the function, or of the class.
        parameters: name -> whether it must be given; those that need not be are left out, where no layer knows them.
        seed: of the numbers.
        grown: by how much every size is larger than usual: another sample, of other sizes.
    """
    for layer in dict.fromkeys([*called(name), *KNOWN.values()]):
        for roles in _assignments(layer, parameters):
            taken = set(roles.values())
            must = {a.name for a in layer.arguments if not a.is_optional} if layer not in called(name) else set()
            if must <= taken:
                yield from _calls(layer, roles, name, seed, grown)


def setting_values(name: str, parameter: str) -> tuple[LayerConstant, ...]:
    """What a parameter of a forward called `name` may be, where it has the very name of a constant of that layer.

    The usual one first; () where it is none, or may as well be an array.
    """
    for layer in called(name):
        if any(parameter in argument.spellings for argument in layer.arguments):
            return ()
        for setting in layer.settings:
            if parameter in setting.spellings:
                return tuple(value for value in setting.values if value is not None)
    return ()


def _assignments(layer: KnownLayer, parameters: Mapping[str, bool]) -> Iterator[dict[str, str]]:
    """Their parameters -> our arguments, settings or "pack": by name, the rest by their places. None if one is over."""
    roles: dict[str, str] = {}
    known: list[Argument | LayerSetting] = [*layer.arguments, *layer.settings]
    for parameter in parameters:
        named = [each.name for each in known if plain(parameter) in {plain(name) for name in each.spellings}]
        free = next((each for each in named if each not in roles.values()), None)
        if free is not None:
            roles[parameter] = free
        elif any(plain(parameter) in {plain(name) for name in pack.names} for pack in layer.packs):
            roles[parameter] = "pack"
    rest = [argument.name for argument in layer.arguments if argument.name not in roles.values()]
    for parameter, is_needed in parameters.items():
        if parameter not in roles and is_needed:
            if not rest:
                return
            roles[parameter] = rest.pop(0)
    if roles:
        yield {parameter: roles[parameter] for parameter in parameters if parameter in roles}


def _calls(layer: KnownLayer, roles: Mapping[str, str], name: str, seed: int, grown: int) -> Iterator[LayerGuess]:
    """The same assignment with the axes in each order that people have them in."""
    orders: list[Mapping[str, tuple[int, ...]]] = [{}, *layer.arrangements]
    if "spatial" in name.lower() or "2d" in name.lower():
        orders.sort(key=lambda order: len(order.get("x", ())) != 4)
    splits = (True, False) if any(word in plain(name) for word in _IN_TIME) else (False, True)
    for order in orders:
        for split in splits if not order and _can_split(layer) else (False,):
            yield _guess(layer, roles, _Stance(order, split), seed, grown)


@dataclass(frozen=True)
class _Stance:
    """How somebody holds the arrays: the order of axes, and whether the batch is two axes (samples, steps)."""

    order: Mapping[str, tuple[int, ...]]
    is_split: bool


def _can_split(layer: KnownLayer) -> bool:
    """Whether rows are independent of their number: the first letter of the first argument is one axis of several."""
    return len(layer.arguments[0].axes) > 1


def _guess(layer: KnownLayer, roles: Mapping[str, str], stance: _Stance, seed: int, grown: int) -> LayerGuess:
    sizes = layer.sizes_grown(grown)
    batch = layer.arguments[0].axes[:1]
    further = max(
        (len(stance.order.get(argument.name, ())) - len(argument.axes) for argument in layer.arguments), default=0
    )
    inner = _SPLIT.get(further, (2,) if stance.is_split else ())
    ours = layer.sample(seed, {**sizes, batch: sizes.get(batch, 1) * math.prod(inner)} if batch else sizes)
    arguments = {argument.name: argument for argument in layer.arguments}
    values: dict[str, Any] = {}
    for parameter, role in roles.items():
        if role in arguments:
            values[parameter] = _held(ours[role], arguments[role], batch, inner, stance.order.get(role, ()))
        else:
            values[parameter] = _pack(layer, parameter) if role == "pack" else ours[role]
    owed = tuple(parameter for parameter, role in roles.items() if role in layer.differentiated)
    return LayerGuess(layer, values, owed)


def _held(array: Array, argument: Argument, batch: str, inner: tuple[int, ...], order: tuple[int, ...]) -> Array:
    """Our array as they hold it: the batch in its parts, the axes in their order."""
    if inner and argument.axes[:1] == batch:
        array = array.reshape(array.shape[0] // math.prod(inner), *inner, *array.shape[1:])
    if order and len(order) < array.ndim:
        array = array[0]
    return np.ascontiguousarray(array.transpose(np.argsort(order))) if order else array


def _pack(layer: KnownLayer, parameter: str) -> dict[str, Any]:
    """The dict that a course hands over under this name."""
    pack = next(pack for pack in layer.packs if plain(parameter) in {plain(name) for name in pack.names})
    return dict(pack.contents)
