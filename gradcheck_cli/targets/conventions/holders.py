"""Objects that hold several settings: classes of the user's own, dicts, namespaces, objects that are asked."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from gradcheck_cli.targets.conventions.binding import parameters
from gradcheck_cli.targets.conventions.constructor_use import ParameterUse
from gradcheck_cli.targets.conventions.names import constructor_roles
from gradcheck_cli.targets.conventions.settings import Parameters

NOTHING = inspect.Parameter.empty
SETTINGS = ("params", "kernel_size", "in_channels", "out_channels", "stride", "padding", "weight")


def kind_of(item: inspect.Parameter, use: ParameterUse, scope: Mapping[str, Any]) -> Any:
    """The class of the user's that a parameter is one of; None where nothing tells.

    By its annotation, by its default, or by having all that is read from the parameter.

    Args:
        use: how the parameter is used.
        scope: names of the user's module.
    """
    for kind in _annotated(item.annotation, scope):
        if _has_fields(kind):
            return kind
    if _has_fields(type(item.default)) and item.default is not NOTHING:
        return type(item.default)
    read = set(use.attributes)
    fitting = [kind for kind in scope.values() if isinstance(kind, type) and read and not use.called]
    fitting = [kind for kind in fitting if read <= {*dir(kind), *fields(kind)} and _are_settings(fields(kind))]
    return fitting[0] if fitting else None


def fields(kind: Any) -> dict[str, Any]:
    """What a class is made of, with the defaults; one that is made anew each time counts as None."""
    if typing.is_typeddict(kind):
        return {name: NOTHING if name in kind.__required_keys__ else None for name in kind.__annotations__}
    made_anew = {item.name for item in _dataclass_fields(kind) if item.default_factory is not dataclasses.MISSING}
    return {item.name: None if item.name in made_anew else item.default for item in parameters(kind)}


def holds_settings(use: ParameterUse) -> bool:
    """Whether what is read from a parameter are settings of a layer."""
    return _are_settings(use.keys or (use.attributes if not use.called else ()))


def settings(values: Mapping[str, Any], use: ParameterUse) -> Any:
    """A dict, or an object, whose methods without arguments give what they are asked for."""
    if use.keys:
        return _nested(values)
    return SimpleNamespace(**{key: _getter(value) if key in use.getters else value for key, value in values.items()})


def _nested(values: Mapping[str, Any]) -> Parameters:
    """Settings in settings, from dotted keys."""
    whole = Parameters()
    for key, value in values.items():
        *outer, last = key.split(".")
        inside = whole
        for word in outer:
            inside = inside.setdefault(word, Parameters())
        inside[last] = value
    return whole


def roles_of(key: str) -> list[str]:
    """What a setting may be: by its whole path, `kernel.size`, else by its last word; `getStride` is a stride."""
    plain = re.sub(r"^get_?", "", key)
    return constructor_roles(plain.replace(".", "_")) or constructor_roles(plain.rpartition(".")[2])


def _getter(value: Any) -> Any:
    return lambda: value


def _are_settings(names: typing.Iterable[str]) -> bool:
    return any(set(roles_of(name)) & set(SETTINGS) for name in names)


def _annotated(annotation: Any, scope: Mapping[str, Any]) -> list[Any]:
    """The classes in an annotation: `Config`, "Config", `Optional[Config]`, "Config | None"."""
    if annotation is NOTHING:
        return []
    if isinstance(annotation, str):
        return [scope[word] for word in re.findall(r"\w+", annotation) if word in scope]
    return [annotation, *typing.get_args(annotation)]


def _has_fields(kind: Any) -> bool:
    """A dataclass, a named tuple, a dict with declared keys, a class of attrs."""
    if not isinstance(kind, type):
        return False
    declared = any(hasattr(kind, name) for name in ("_field_defaults", "__attrs_attrs__"))
    return declared or dataclasses.is_dataclass(kind) or typing.is_typeddict(kind)


def _dataclass_fields(kind: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
