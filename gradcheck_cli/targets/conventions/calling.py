"""Calls the forward and the backward of an instance, in the types in which it takes and gives arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.targets.conventions import binding, meanings, settings, state
from gradcheck_cli.targets.conventions.backprop import Backprop
from gradcheck_cli.targets.conventions.base import to_numpy
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.forward_run import split_forward
from gradcheck_cli.targets.conventions.instance import is_rate
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.own_types import Leaf, plain
from gradcheck_cli.targets.conventions.source import Source

TRAINING = (
    "training",
    "is_training",
    "train",
    "is_train",
    "train_mode",
    "training_mode",
    "cache",
    "save",
    "train_flag",
)
# What a tuple of inputs may hold.
PACKED = ("x", "weight", "bias")


@dataclass(frozen=True)
class Calls:
    """Which methods are called, and in which types.

    Attributes:
        forward: its name.
        backward: its name, "" for autograd's.
        variable: the user's own type in which arrays are handed over; None for arrays.
        wraps_upstream: G is handed over in it too.
        engine: goes back from its output, where no method does: then what is handed over is made a leaf of its type.
    """

    forward: str
    backward: str
    variable: type | None = None
    wraps_upstream: bool = False
    engine: Backprop | None = None


def run_forward(instance: Any, calls: Calls, source: Source, given: dict[str, Any], weighted: bool) -> Any:
    """What the forward gives; its cache, if any, joins `given`.

    Args:
        given: role -> value.
        weighted: F is handed over, not kept by the instance.
    """
    callee = Callee(getattr(instance, calls.forward), calls.forward, source.method(calls.forward))
    given = given if calls.variable is None else given | _wrapped(given, calls.variable)
    given = given | {role: leaf.value for role, leaf in given.get("leaves", {}).items()}
    needed = ("x", "weight") if weighted else ("x",)
    if callee.parameters:
        assigned = meanings.assignments(_without_places(callee), needed)[0]
        result = callee.function(**_arguments(callee, assigned, given))
    else:
        result = callee.function(*_positional(instance, needed, given))
    return result


def take_output(result: Any, instance: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """(output, cache) of what a forward gave: an array, an object or a dict that holds it, or nothing.

    Args:
        shape: O's; tells the output among several arrays, and where the instance keeps it if nothing is returned.
    """
    if result is None:
        return _kept_output(instance, shape), None
    if isinstance(result, Mapping):
        arrays = [value for value in result.values() if to_numpy(value) is not None]
        fitting = [value for value in arrays if to_numpy(value).shape == shape]  # type: ignore[union-attr]
        return ([*fitting, *arrays, None])[0], result
    return split_forward(plain(result))


def leaves(engine: Backprop, given: Mapping[str, Any], weighted: bool) -> dict[str, Leaf]:
    """Role -> a fresh leaf of what a forward is handed: x, and the weights where it is handed them (`weighted`)."""
    roles = PACKED if weighted else PACKED[:1]
    return {role: Leaf.of(engine.own, given[role]) for role in roles if given.get(role) is not None}


def run_backward(instance: Any, calls: Calls, source: Source, given: dict[str, Any]) -> Any:
    """What the backward gives."""
    callee = Callee(getattr(instance, calls.backward), calls.backward, source.method(calls.backward))
    if calls.variable is not None and calls.wraps_upstream:
        given = {**given, "grad_output": calls.variable(given["grad_output"])}
    assigned = meanings.assignments(_without_places(callee), ("grad_output",))[0]
    result = (
        callee.function(**_arguments(callee, assigned, given))
        if callee.parameters
        else callee.function(given["grad_output"])
    )
    return plain(result)


def handed(owner: type, forward: str, source: Source) -> dict[str, str]:
    """parameter -> role of a forward that is handed its weights, as an operator is; {} of a layer that keeps them.

    Those of a tuple that it takes apart, `x, w, b = inputs`, count as its parameters.

    Args:
        source: the class.
    """
    found = _named(owner, forward)
    for item in found:
        inside = packed(source.method(forward), item.name)
        if inside:
            return inside
    assigned = meanings.assignments(found, ("x", "weight"))[0]
    weights = [name for name, role in assigned.items() if role == "weight"]
    return dict(assigned) if any("weight" in function_roles(name) for name in weights) else {}


def packed(method: Source, parameter: str) -> dict[str, str]:
    """name -> role of what a parameter is taken apart into: x, weights and perhaps a bias; {} of any other."""
    names = method.structure(parameter)
    if not isinstance(names, tuple):
        return {}
    found: dict[str, str] = {}
    for name in names:
        roles = [role for role in function_roles(name) if role in PACKED] if isinstance(name, str) else []
        free = [role for role in roles if role not in found.values()]
        if not free:
            return {}
        found[str(name)] = free[0]
    return found if {"x", "weight"} <= set(found.values()) else {}


def _named(owner: type, forward: str) -> list[inspect.Parameter]:
    """The parameters of a forward that it cannot do without; of `__call__(self, *inputs)` those of its forward."""
    found = binding.parameters(getattr(owner, forward), 1)
    inner = getattr(owner, "forward", None)
    if not found and callable(inner):
        found = binding.parameters(inner, 1)
    return [item for item in found if binding.required(item) and item.name.lower() not in TRAINING]


def _wrapped(given: Mapping[str, Any], kind: Callable[..., Any]) -> dict[str, Any]:
    return {role: kind(given[role]) for role in ("x", "weight", "bias") if given.get(role) is not None}


def _positional(instance: Any, needed: tuple[str, ...], given: Mapping[str, Any]) -> list[Any]:
    """For `__call__(self, *inputs)`: the arrays in the order in which its forward names them."""
    inner = getattr(instance, "forward", None)
    found = binding.parameters(inner) if callable(inner) else []
    roles = [role for item in found for role in function_roles(item.name)[:1] if role in binding.ARRAY_ROLES]
    return [given[role] for role in (roles if set(needed) <= set(roles) else needed)]


def _without_places(callee: Callee) -> list[inspect.Parameter]:
    """The parameters but the number of a layer, with which a network looks up what it keeps: `self.W[layer]`."""
    return [item for item in callee.parameters if callee.source.use(item.name).kinds != {"key"}]


_ALWAYS = ("x", "grad_output", "lr")
_OF_OPERATORS = ("bias", "stride", "padding", "dilation", "groups")


def _arguments(callee: Callee, assigned: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    # What is handed its weights keeps none, and is handed all that a convolution has besides.
    always = (*_ALWAYS, *_OF_OPERATORS) if "weight" in assigned.values() else _ALWAYS
    for item in callee.parameters:
        role = assigned.get(item.name, "")
        if role != "grad_output" and not function_roles(item.name) and is_rate(callee.source, item.name):
            role = "lr"
        if item not in _without_places(callee):
            arguments[item.name] = 0
            continue
        inside = packed(callee.source, item.name) if "weight" not in assigned.values() else {}
        if inside:
            arguments[item.name] = tuple(given[role] for role in inside.values())
        elif "opt" in item.name.lower():
            arguments[item.name] = given["optimizer"]
        elif role == "params":
            arguments[item.name] = settings.settings_of(callee.source, item.name, given)
        elif item.name.lower() in TRAINING and (item.default is False or binding.required(item)):
            arguments[item.name] = given.get("cache") if role == "cache" and given.get("cache") is not None else True
        elif given.get(role) is not None and (role in always or binding.required(item)):
            arguments[item.name] = _in_dict(callee.source, item, _as_default(item, given[role]), given)
        elif binding.required(item):
            arguments[item.name] = None
    return arguments


def _as_default(item: inspect.Parameter, value: Any) -> Any:
    """A number for each axis, where the default has one for each."""
    is_listed = isinstance(item.default, tuple | list) and isinstance(value, int)
    return type(item.default)([value] * len(item.default)) if is_listed else value


def _in_dict(source: Source, item: inspect.Parameter, value: Any, given: Mapping[str, Any]) -> Any:
    """The array itself, or in a dict where the method reads string keys: `inputs["data"]`."""
    keys = source.keys(item.name)
    if not keys or isinstance(value, Mapping):
        return value
    found = {key: given[role] for key in keys for role in function_roles(key)[:1] if given.get(role) is not None}
    return {key: value for key in keys if key not in found} | found if len(keys) > 1 else {keys[0]: value}


def _kept_output(instance: Any, shape: tuple[int, ...]) -> Any:
    """The array of O's shape that an instance keeps, the one whose name says output first."""
    places = [place for place in state.held(instance) if place.array.shape == shape and not state.is_gradient(place)]
    places.sort(key=lambda place: ("output" not in function_roles(place.words[-1]), len(place.path)))
    return state.follow(instance, places[0].path) if places else None
