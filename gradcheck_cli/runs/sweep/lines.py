"""Lines of JSON as the dataclasses that they are of: whatever else stands there is refused, with the field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Mapping as AnyMapping
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

Made = TypeVar("Made")


def made(kind: type[Made], said: Mapping[str, Any]) -> Made:
    """The dataclass of what was said.

    Raises:
        ValueError: a field is missing, is none of it, or has a value that it cannot have; a clause.
    """
    declared, hints = {field.name: field for field in fields(kind)}, get_type_hints(kind)  # type: ignore[arg-type]
    for name in said:
        if name not in declared:
            raise ValueError(f"it has {name!r}, which is none of its fields")
    for name, field in declared.items():
        if name not in said and field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"it has no {name!r}")
    return kind(**{name: _field(name, hints[name], value) for name, value in said.items()})


def _field(name: str, kind: Any, value: object) -> Any:
    try:
        return _as(kind, value)
    except ValueError as error:
        raise ValueError(f"its {name!r} is {str(value)[:40]!r}") from error


def _as(kind: Any, value: object) -> Any:
    """The value as this type has it. Numbers are counts, places and seconds: none is below 0.

    Raises:
        ValueError: it has not.
    """
    origin = get_origin(kind)
    if kind is Any:
        return value
    if origin is AnyMapping and isinstance(value, dict):
        key, of = get_args(kind)
        return {_as(key, each): _as(of, one) for each, one in value.items()}
    if origin is Literal and value in get_args(kind):
        return value
    if isinstance(value, str) and isinstance(kind, type) and (kind is str or issubclass(kind, StrEnum)):
        return kind(value)
    if kind is bool and isinstance(value, bool):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    if is_number and (kind is float or (kind is int and isinstance(value, int))):
        return value
    raise ValueError(value)
