"""What a constructor wants: its parameters, and the keys or attributes of those that hold several settings."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from gradcheck_cli.targets.conventions.binding import required
from gradcheck_cli.targets.conventions.constructor_use import ParameterUse, use_of
from gradcheck_cli.targets.conventions.names import constructor_roles
from gradcheck_cli.targets.conventions.source import Source

NOTHING = inspect.Parameter.empty
SETTINGS = ("params", "kernel_size", "in_channels", "out_channels", "stride", "padding")
KERNELS = ("kernel_size", "w_shape", "weight", "out_channels")
PAIRS = ("kernel_size", "input_shape", "stride", "padding", "dilation", "in_size")
PLAIN = ParameterUse()


@dataclass(frozen=True)
class Slot:
    """One value that a constructor wants: a parameter, or `key` of a parameter that is a dict or an object."""

    parameter: str
    key: str = ""
    default: Any = NOTHING
    use: ParameterUse = PLAIN

    @property
    def id(self) -> str:
        """What a role is given to: `stride`, `config.stride`."""
        return f"{self.parameter}.{self.key}" if self.key else self.parameter

    @property
    def required(self) -> bool:
        """Without a default."""
        return self.default is NOTHING

    def roles(self) -> list[str]:
        """What it may be, by its name, narrowed by how it is taken apart."""
        named = constructor_roles(self.key or self.parameter)
        if self.use.called:
            return [role for role in named if role in ("activation", "optimizer")]
        parts = self.use.parts
        if parts == 4 or (parts == 3 and not self.key):
            return _shape_roles(named)
        if parts == 2:
            return [role for role in named if role in PAIRS] or (["kernel_size"] if set(named) & set(KERNELS) else [])
        return named


@dataclass(frozen=True)
class Holder:
    """A parameter that holds several settings. `make` builds it from key -> value."""

    parameter: str
    make: Callable[[Mapping[str, Any]], Any]


def slots_of(parameters: Sequence[inspect.Parameter], source: Source, scope: Mapping[str, Any]) -> list[Slot]:
    """Everything that a constructor wants.

    Args:
        source: the class.
        scope: names of the user's module, to look up an annotation.
    """
    found: list[Slot] = []
    for item in parameters:
        use = use_of(source, item.name)
        keys = _settings(item, use, scope)
        if not keys:
            found.append(Slot(item.name, default=item.default, use=use))
        found += [Slot(item.name, key, default) for key, default in keys.items()]
    return found


def holder_of(item: inspect.Parameter, source: Source, scope: Mapping[str, Any]) -> Holder | None:
    """How a parameter that holds several settings is made; None for one value."""
    use = use_of(source, item.name)
    if not _settings(item, use, scope):
        return None
    kind = _annotated(item, scope)
    if kind is not None:
        return Holder(item.name, lambda values: kind(**values))
    return Holder(item.name, dict if use.keys else lambda values: SimpleNamespace(**values))


def _settings(item: inspect.Parameter, use: ParameterUse, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of a parameter that holds several settings, with their defaults; {} for one value."""
    kind = _annotated(item, scope)
    if kind is not None:
        return _fields(kind)
    keys = use.keys or (use.attributes if not use.called else ())
    known = [key for key in keys if set(constructor_roles(key)) & set(SETTINGS)]
    if not known or (item.default is not NOTHING and item.default is not None):
        return {}
    return dict.fromkeys(keys, NOTHING if required(item) else None)


def _annotated(item: inspect.Parameter, scope: Mapping[str, Any]) -> Any:
    """The dataclass or named tuple that annotates a parameter."""
    kind = scope.get(item.annotation) if isinstance(item.annotation, str) else item.annotation
    is_fields = isinstance(kind, type) and (dataclasses.is_dataclass(kind) or hasattr(kind, "_field_defaults"))
    return kind if is_fields else None


def _fields(kind: Any) -> dict[str, Any]:
    if hasattr(kind, "_field_defaults"):
        return {name: kind._field_defaults.get(name, NOTHING) for name in kind._fields}
    return {field.name: _field_default(field) for field in dataclasses.fields(kind) if field.init}


def _field_default(field: Any) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    return None if field.default_factory is not dataclasses.MISSING else NOTHING


def _shape_roles(named: Sequence[str]) -> list[str]:
    """A tuple of three or four is a shape: of the kernel or of the input, as its name says; else either."""
    if "input_shape" in named and "w_shape" not in named:
        return ["input_shape"]
    return ["w_shape"] if set(named) & set(KERNELS) else ["w_shape", "input_shape"]
