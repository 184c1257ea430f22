"""Weights that are made late: by the first forward, by an initialiser, by a connection to the layer before."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from types import SimpleNamespace
from typing import Any

from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.names import constructor_roles
from gradcheck_cli.targets.conventions.stand_ins import StandInInitializer, StandInOptimizer

INITIALIZERS = (
    r"_?(init|initiali[sz]e|build|set_?up|connect|compile|create|make|add|set|link|attach|prepare|reset|on)(_\w*)?"
)
FIRST = ("initialize", "init", "init_params", "_init_params", "build", "initialize_weights", "init_weights")
# What an attribute that a model sets from outside is called, where its own name tells no role.
SIZES = ("input_shape", "in_channels", "in_h", "in_w", "in_size")
MAX_METHODS = 6


def wire(instance: Any, run: Callable[[], Any], values: Mapping[str, Any], optimizer: StandInOptimizer) -> None:
    """Make the weights of an instance that has none yet.

    Args:
        run: the forward on an input; many layers make their weights there.
        values: role -> value, "x_shape" with the batch axis.
        optimizer: for initialisers that want one.

    Raises:
        Exception: whatever the forward raised, when nothing helps.
    """
    try:
        run()
        return
    except Exception as error:
        failure: Exception | None = error
    # Twice for each shape: what one method makes another may need, in whatever order their names stand.
    for shape, initializer in product(_shapes(values), ("he", StandInInitializer())):
        given = {**values, "input_shape": shape, "optimizer": optimizer, "initializer": initializer}
        _set_sizes(instance, given)
        for method in _initializers(instance):
            with contextlib.suppress(Exception):
                method(**_arguments(method, given))
                failure = _of_run(run, failure)
                if failure is None:
                    return
    if failure is not None:
        raise failure


def _of_run(run: Callable[[], Any], known: Exception | None) -> Exception | None:
    """None where the forward runs; else what it raised, if that is another thing than before its weights were made."""
    try:
        run()
    except Exception as error:
        return known if str(error) == str(known) else error
    return None


def equip(instance: Any, optimizer: StandInOptimizer) -> None:
    """Set the optimiser that a model would set from outside: an attribute that says so and is None."""
    for name, value in list(getattr(instance, "__dict__", {}).items()):
        if value is None and re.search(r"opt(im\w*)?$|updater|solver", name.lower()):
            setattr(instance, name, optimizer)


def _shapes(values: Mapping[str, Any]) -> Iterator[tuple[int, ...]]:
    whole = tuple(values["x_shape"])
    yield whole
    yield whole[1:]


def _set_sizes(instance: Any, given: Mapping[str, Any]) -> None:
    """Sizes that the constructor leaves None, for a model to set."""
    for name, value in list(getattr(instance, "__dict__", {}).items()):
        roles = [role for role in constructor_roles(name) if role in SIZES]
        if roles and (value is None or isinstance(value, tuple)):
            setattr(instance, name, given[roles[0]])


def _initializers(instance: Any) -> list[Callable[..., Any]]:
    """Its methods that may make weights: known names first."""
    own = [name for name in dir(instance) if not name.startswith("__") and re.fullmatch(INITIALIZERS, name)]
    own.sort(key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name.startswith("_")))
    methods = [getattr(instance, name, None) for name in own]
    return [method for method in methods if callable(method) and not isinstance(method, type)][:MAX_METHODS]


def _arguments(method: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {item.name: _value(item.name, given) for item in binding.parameters(method) if binding.required(item)}


def _value(name: str, given: Mapping[str, Any]) -> Any:
    """What an initialiser is given: an optimiser, a switch, a layer, a size, a method or its name, else a shape."""
    lower = name.lower()
    if "opt" in lower:
        return given["optimizer"]
    if "bias" in lower:
        return not lower.startswith("no")
    if lower in ("method", "mode", "kind", "init", "initialization", "initializer"):
        return given["initializer"]
    if re.search(r"(prev|last|before|previous|input|in)_?(layer|node|module)?$|layer$", lower) and "shape" not in lower:
        return _previous(given["input_shape"])
    roles = [role for role in constructor_roles(name) if role in given and role != "name"]
    return given[roles[0]] if roles else given["input_shape"]


def _previous(shape: tuple[int, ...]) -> Any:
    """The layer before, which knows the shape of its output."""
    names = ("out_shape", "output_shape", "shape", "outshape", "output_size", "out_size", "output_dim", "out_dim")
    layer = SimpleNamespace(**dict.fromkeys(names, shape))
    layer.get_output_shape = layer.get_out_shape = layer.get_shape = lambda *_: shape
    return layer
