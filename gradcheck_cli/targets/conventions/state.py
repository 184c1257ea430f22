"""The arrays that an object holds: in attributes, dicts, lists and nested objects; found, read, replaced."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions.base import is_tensor, stacked, to_numpy
from gradcheck_cli.targets.conventions.names import function_roles, gradient_role
from gradcheck_cli.targets.conventions.stand_ins import StandInOptimizer
from gradcheck_cli.targets.setting_now import tensor_of

# A layer keeps its weights, or an object that keeps them, or that in a list: `self.parts[0].w.data`.
MAX_DEPTH = 3
# Of a longer list the first ones are looked at.
MOST_PARTS = 64
GRADIENT_WORDS = (
    "grad",
    "grads",
    "gradient",
    "gradients",
    "g",
    "derivative",
    "derivatives",
    "_grad",
    "_grads",
    "dparams",
)
VALUE_WORDS = ("val", "value", "values", "data", "array", "param", "v")
OPTIMIZER_WORDS = (
    "velocity",
    "momentum",
    "mom",
    "m",
    "moment",
    "cache",
    "vw",
    "vb",
    "mw",
    "mb",
    "v_w",
    "v_b",
    "m_w",
    "m_b",
    "sw",
    "sb",
)

PathStep = tuple[str, Any]
Path = tuple[PathStep, ...]
"""("attr", name), ("item", key), and ("each", name) of a list of objects: steps from the object to an array."""


@dataclass(frozen=True)
class Held:
    """An array inside an object.

    `listed`: it stands there in parts: a list by filter, a dict by (o, i), an attribute of each object of a list.
    """

    path: Path
    array: Array
    listed: bool = False

    @property
    def name(self) -> str:
        """`.W`, `.grads['W']`"""
        said = {"attr": ".{}", "item": "[{!r}]", "each": "[:].{}"}
        return "".join(said[kind].format(key) for kind, key in self.path)

    @property
    def words(self) -> list[str]:
        """The names on the way, lower case, outermost first."""
        return [str(key).lower().rpartition("__")[2] for _, key in self.path]


def held(owner: Any) -> list[Held]:
    """Every numeric array that can be reached from `owner`."""
    return list(_walk(owner, (), set(), 0))


def elements(owner: Any) -> dict[Path, tuple[Any, ...]]:
    """What every list of its own attributes holds: what is new there may be gradients."""
    inside = getattr(owner, "__dict__", {})
    return {(("attr", name),): tuple(value) for name, value in inside.items() if isinstance(value, list)}


def read(owner: Any, path: Path) -> Array | None:
    """The array at `path` as it is now (a copy), None when it is gone."""
    try:
        value = follow(owner, path)
    except (AttributeError, KeyError, IndexError, TypeError):
        return None
    array = stacked(value)
    array = to_numpy(value) if array is None else array
    return None if array is None else np.array(array)


def write(owner: Any, place: Held, array: Array) -> None:
    """Put `array` at `place`: into the same memory where shape and dtype allow it, for other references to it."""
    parent, (kind, key) = follow(owner, place.path[:-1]), place.path[-1]
    if kind == "each":
        for one, part in zip(parent, array, strict=True):
            setattr(one, key, np.array(part) if np.ndim(part) else float(part))
        return
    current = getattr(parent, key) if kind == "attr" else parent[key]
    fits = isinstance(current, np.ndarray) and current.shape == array.shape and current.dtype == array.dtype
    if fits and current.flags.writeable:
        current[...] = array
        return
    value: Any = _like(current, array) if place.listed else np.array(array)
    if is_tensor(current):
        import torch  # only when the object already holds tensors

        value = tensor_of(value)
        if isinstance(current, torch.nn.Parameter):
            value = torch.nn.Parameter(value)
    if kind == "attr":
        setattr(parent, key, value)
    else:
        parent[key] = value


def is_weight(place: Held) -> bool:
    """Its name says weights, and nothing on the way says gradient or optimiser state."""
    return not is_gradient(place) and not is_state(place) and _parameter(_own_name(place)) == "weight"


def is_bias(place: Held) -> bool:
    """Its name says bias, and nothing on the way says gradient or optimiser state."""
    return not is_gradient(place) and not is_state(place) and _parameter(_own_name(place)) == "bias"


def _is_lone_bias(path: Path, value: Any) -> bool:
    """The bias of a single filter, or its gradient, that is kept as a number: `self.b = 0.0`, `self.gb = gy.sum()`."""
    place = Held(path, np.array(value))
    return isinstance(value, float) and (is_bias(place) or role_of(place) == "bias")


def _own_name(place: Held) -> str:
    """The last telling name: W of `.W.data` and `.W['val']`."""
    own = [word for word in place.words if word.strip("_") not in VALUE_WORDS]
    return (own or place.words)[-1]


def is_gradient(place: Held) -> bool:
    """A name such as dW, grads['W'], W.grad."""
    return bool(role_of(place))


def is_state(place: Held) -> bool:
    """Momentum and the like."""
    words = [word.strip("_") for word in place.words]
    inside = any(re.match(r"opt(im\w*)?(_|$)|adam|solver|updater", word) for word in words[:-1])
    return inside or any(word in OPTIMIZER_WORDS for word in words)


def role_of(place: Held) -> str:
    """The gradient that its name says: "weight", "bias", "input" or ""."""
    words = [word.strip("_") for word in place.words]
    inside = any(word in GRADIENT_WORDS for word in words[:-1])
    plain = _parameter(words[-1])
    if inside and plain:
        return plain
    if words[-1] in GRADIENT_WORDS and len(words) > 1:
        return _parameter(words[-2])
    last = str(place.path[-1][1])
    return gradient_role(last.rpartition("__")[2]) if not plain else ""


def _parameter(word: str) -> str:
    roles = function_roles(word)
    return next((role for role in roles if role in ("weight", "bias")), "")


def follow(owner: Any, path: Path) -> Any:
    """The live object at `path`."""
    for kind, key in path:
        if kind == "each":
            owner = [getattr(one, key) for one in owner]
        else:
            owner = getattr(owner, key) if kind == "attr" else owner[key]
    return owner


def _walk(owner: Any, path: Path, seen: set[int], depth: int) -> Iterator[Held]:
    if id(owner) in seen or depth > MAX_DEPTH:
        return
    seen.add(id(owner))
    for step, value in _members(owner):
        here = (*path, step)
        array = None if isinstance(value, list) else to_numpy(value)
        if array is not None and (not isinstance(value, int | float) or _is_lone_bias(here, value)):
            yield Held(here, np.array(array))
        elif (whole := stacked(value)) is not None:
            yield Held(here, whole, listed=True)
        elif _is_container(value):
            yield from _of_each(value, here)
            yield from _walk(value, here, seen, depth + 1)


def _of_each(value: Any, path: Path) -> Iterator[Held]:
    """The numpy arrays that a list of objects of one kind holds in parts: a filter, or its bias, in each."""
    kinds = {type(one) for one in value[:MOST_PARTS]} if isinstance(value, list) else set()
    if len(kinds) != 1 or not hasattr(value[0], "__dict__") or len(value) > MOST_PARTS:
        return
    for name in vars(value[0]):
        each = [getattr(one, name, None) for one in value]
        parts = [None if is_tensor(part) else to_numpy(part) for part in each]
        shapes = {None if part is None else part.shape for part in parts}
        place = Held((*path, ("each", name)), np.zeros(0))
        if len(shapes) == 1 and None not in shapes and (shapes != {()} or is_bias(place) or role_of(place) == "bias"):
            yield Held(place.path, np.array(parts), listed=True)


def _members(owner: Any) -> list[tuple[PathStep, Any]]:
    if isinstance(owner, dict):
        return [(("item", key), value) for key, value in owner.items()]
    if isinstance(owner, list | tuple):
        return [(("item", index), value) for index, value in enumerate(owner[:MOST_PARTS])]
    inside = dict(getattr(owner, "__dict__", {}))
    inside |= {f"{name}": item for group in ("_parameters",) for name, item in (inside.get(group) or {}).items()}
    members: list[tuple[PathStep, Any]] = [(("attr", name), value) for name, value in inside.items()]
    slots = [name for kind in type(owner).__mro__ for name in getattr(kind, "__slots__", ()) if hasattr(owner, name)]
    return members + [(("attr", name), getattr(owner, name)) for name in slots]


def _like(current: Any, array: Array) -> Any:
    """The parts of an array in the lists, or in the dict, in which they stand."""
    if isinstance(current, dict):
        return {key: np.array(array[key]) for key in current}
    if isinstance(current, list):
        return [_like(old, part) for old, part in zip(current, array, strict=True)]
    return np.array(array)


def _is_container(value: Any) -> bool:
    if isinstance(value, dict | list | tuple):
        return True
    plain = (type, types.ModuleType, types.FunctionType, types.MethodType, str, bytes, int, float, np.random.Generator)
    if isinstance(value, StandInOptimizer):
        return False  # ours: what it was handed is told apart
    return not isinstance(value, plain) and (hasattr(value, "__dict__") or hasattr(type(value), "__slots__"))
