"""Functions that are handed their parameters in one thing: `attend(p: Weights, x)`, `step(x, parameters)`.

Each field of a dataclass, and each weight of a dict, is an argument of its own.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcheck_cli.targets.functions.configuration import class_named
from gradcheck_cli.targets.functions.pair import PairForm, PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import parameter_names
from gradcheck_cli.targets.functions.spelling import belongs_to


@dataclasses.dataclass(frozen=True)
class _Packed:
    """What a parameter holds: `fields` with their defaults, `make` puts them together, `kinds` are annotations."""

    fields: Mapping[str, Any]
    make: Callable[..., Any]
    kinds: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def unpacked(form: PairForm, module: Mapping[str, Any]) -> PairForm:
    """The pair with the fields of such a parameter in its place, and such a result opened; itself where it has none.

    Args:
        module: what the names of its file mean.
    """
    weights = _weights(form)
    fore, back = (_with_fields(function, module, weights) for function in (form.fore, form.back))
    return PairForm(fore, back) if fore is not form.fore else form


def with_members(form: PairForm, name: str, members: Sequence[str]) -> PairForm:
    """The pair with the members of a dict in the place of the dict, which both may take by this name."""
    packed = {name: _Packed(dict.fromkeys(members, inspect.Parameter.empty), dict)}
    fore, back = (_with_fields(function, {}, packed) for function in (form.fore, form.back))
    return PairForm(fore, back)


def _with_fields(function: PlainFunction, module: Mapping[str, Any], weights: Mapping[str, _Packed]) -> PlainFunction:
    """The function that takes and gives fields."""
    try:
        signature = inspect.signature(function.call)
    except (TypeError, ValueError):
        return function
    kinds = {name: kind for name, item in signature.parameters.items() if (kind := _kind(item.annotation, module))}
    packed = {name: _of_dataclass(kind) for name, kind in kinds.items()}
    packed |= {name: each for name, each in weights.items() if name in signature.parameters and name not in packed}
    return dataclasses.replace(function, call=_opened(function.call, signature, packed)) if packed else function


def _kind(annotation: Any, module: Mapping[str, Any]) -> type | None:
    """The dataclass that an annotation means."""
    kind = class_named(annotation, module)
    return kind if kind is not None and dataclasses.is_dataclass(kind) else None


def _of_dataclass(kind: type) -> _Packed:
    missing, empty = dataclasses.MISSING, inspect.Parameter.empty
    fields = {each.name: empty if each.default is missing else each.default for each in dataclasses.fields(kind)}
    return _Packed(fields, kind, {each.name: each.type for each in dataclasses.fields(kind)})


def _weights(form: PairForm) -> dict[str, _Packed]:
    """The forward's parameters that are dicts of weights: of some of their members the backward gives a gradient.

    A dict of which it gives none is one of settings, as `bn_param`.
    """
    given = _texts(form.back.node)
    found: dict[str, _Packed] = {}
    for name in parameter_names(form.fore.node):
        keys = list(dict.fromkeys([*_keys(form.fore.node, name), *_keys(form.back.node, name)]))
        if keys and any(belongs_to(text, keys) not in ("", text) for text in given):
            found[name] = _Packed(dict.fromkeys(keys, inspect.Parameter.empty), dict)
    return found


def _keys(node: ast.AST | None, name: str) -> list[str]:
    """The names that are looked up in it: `parameters["Wf"]`; none where something else is asked of it as well."""
    found = []
    for inner in ast.walk(node) if node is not None else ():
        if isinstance(inner, ast.Attribute) and getattr(inner.value, "id", "") == name:  # .get, .items
            return []
        if isinstance(inner, ast.Subscript) and getattr(inner.value, "id", "") == name:
            key = inner.slice
            if not isinstance(key, ast.Constant) or not str(key.value).isidentifier():
                return []
            found.append(str(key.value))
    return found


def _texts(node: ast.AST | None) -> list[str]:
    """The names and the texts in a function: what its gradients are called."""
    found = ast.walk(node) if node is not None else ()
    named = (getattr(inner, "id", getattr(inner, "value", "")) for inner in found)
    return list(dict.fromkeys(text for text in named if isinstance(text, str) and text.isidentifier()))


def _opened(
    call: Callable[..., Any], signature: inspect.Signature, packed: Mapping[str, _Packed]
) -> Callable[..., Any]:
    def called(**given: Any) -> Any:
        for name, each in packed.items():
            given[name] = each.make(**{field: given.pop(field) for field in each.fields if field in given})
        result = call_by_name(call, {name: given[name] for name in signature.parameters if name in given})
        return tuple(map(_as_dict, result)) if isinstance(result, tuple) else _as_dict(result)

    called.__signature__ = inspect.Signature(_parameters(signature, packed))  # type: ignore[attr-defined]
    return called


def _parameters(signature: inspect.Signature, packed: Mapping[str, _Packed]) -> Sequence[inspect.Parameter]:
    """Each by name: a field with a default may stand before an argument without one."""
    found = []
    for name, item in signature.parameters.items():
        if name not in packed:
            found.append(item.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        for field, default in packed[name].fields.items():
            kind = packed[name].kinds.get(field, inspect.Parameter.empty)
            found.append(inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind))
    return found


def _as_dict(value: Any) -> Any:
    is_one = dataclasses.is_dataclass(value) and not isinstance(value, type)
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)} if is_one else value
