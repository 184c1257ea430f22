"""The report as one JSON document: a walk over the dataclasses, whose field names are the keys. Nothing is chosen here.

The keys are described in `docs/report.schema.json`. A change that a reader can notice raises `SCHEMA_VERSION`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from gradcheck_cli.model import SCHEMA_VERSION
from gradcheck_cli.model.sweep import AnyReport

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# For pictures only. Arrays are a thousand times larger than the rest, and the channels' rows hold what they show; the
# forward's statements are the user's file, and a finding's message says what is marked in them.
LEFT_OUT = frozenset({"figures", "graph"})

_SURROGATE = re.compile("[\ud800-\udfff]")


def render_json(report: AnyReport) -> str:
    """The JSON document of a report, ASCII only, ending in one line break."""
    return json.dumps(as_document(report), indent=2, allow_nan=False) + "\n"


def as_document(report: AnyReport) -> dict[str, Any]:
    """The document as dicts, lists, strings, numbers, booleans and None.

    `schema_version` and `command` come first. Numbers that JSON does not have become "NaN", "Infinity", "-Infinity".
    """
    return {"schema_version": SCHEMA_VERSION, "command": report.command, **_fields(report)}


def _fields(instance: DataclassInstance) -> dict[str, Any]:
    return {field.name: _plain(getattr(instance, field.name)) for field in fields(instance) if is_told(field, instance)}


def is_told(field: Field[Any], instance: DataclassInstance) -> bool:
    """Whether the document holds the field: no pictures, and no form of a layer where it is the usual one."""
    is_usual = field.metadata.get("unless_usual", False) and getattr(instance, field.name) == field.default
    return field.name not in LEFT_OUT and not is_usual


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, str):
        return _SURROGATE.sub(_escaped, value)
    return _container(value)


def _container(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())  # a numpy array or scalar, without importing numpy to ask
    raise TypeError(f"a report cannot hold a {type(value).__name__}: {value!r}")


def _number(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _escaped(match: re.Match[str]) -> str:
    r"""A file name's byte that is not UTF-8, as `\xff`: half a surrogate pair would break strict readers."""
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
