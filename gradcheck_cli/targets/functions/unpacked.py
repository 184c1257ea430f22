"""Functions that are handed their parameters in a dataclass: `def attend(p: Weights, x)`; each field is an argument."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from gradcheck_cli.targets.functions.pair import PairForm, PlainFunction, call_by_name


def unpacked(form: PairForm, module: Mapping[str, Any]) -> PairForm:
    """The pair with the fields of such a parameter in its place, and such a result opened; itself where it has none.

    Args:
        module: what the names of its file mean.
    """
    fore, back = (_with_fields(function, module) for function in (form.fore, form.back))
    return PairForm(fore, back) if fore is not form.fore else form


def _with_fields(function: PlainFunction, module: Mapping[str, Any]) -> PlainFunction:
    """The function that takes and gives fields."""
    try:
        signature = inspect.signature(function.call)
    except (TypeError, ValueError):
        return function
    kinds = {name: kind for name, item in signature.parameters.items() if (kind := _kind(item.annotation, module))}
    return dataclasses.replace(function, call=_opened(function.call, signature, kinds)) if kinds else function


def _kind(annotation: Any, module: Mapping[str, Any]) -> type | None:
    """The dataclass that an annotation means, also one that is written as a text."""
    kind = module.get(annotation) if isinstance(annotation, str) else annotation
    return kind if isinstance(kind, type) and dataclasses.is_dataclass(kind) else None


def _opened(call: Callable[..., Any], signature: inspect.Signature, kinds: Mapping[str, type]) -> Callable[..., Any]:
    def called(**given: Any) -> Any:
        for name, kind in kinds.items():
            fields = [field.name for field in dataclasses.fields(kind) if field.name in given]
            given[name] = kind(**{field: given.pop(field) for field in fields})
        result = call_by_name(call, {name: given[name] for name in signature.parameters if name in given})
        return tuple(map(_as_dict, result)) if isinstance(result, tuple) else _as_dict(result)

    called.__signature__ = inspect.Signature(_parameters(signature, kinds))  # type: ignore[attr-defined]
    return called


def _parameters(signature: inspect.Signature, kinds: Mapping[str, type]) -> list[inspect.Parameter]:
    """Each by name: a field with a default may stand before an argument without one."""
    found = []
    for name, item in signature.parameters.items():
        if name not in kinds:
            found.append(item.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        for field in dataclasses.fields(kinds[name]):
            default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
            found.append(inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default))
    return found


def _as_dict(value: Any) -> Any:
    is_one = dataclasses.is_dataclass(value) and not isinstance(value, type)
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)} if is_one else value
