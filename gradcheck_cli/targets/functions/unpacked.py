"""Functions that are handed their parameters in one thing: `attend(p: Weights, x)`, `step(x, params)`, `W, b = params`.

Each field of a dataclass, each weight of a dict, an object or a list is an argument of its own, also in parts of parts.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.configuration import class_named
from gradcheck_cli.targets.functions.members import Members, members_of
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import parameter_names, texts_of
from gradcheck_cli.targets.functions.spelling import belongs_to, is_cache

# What arrays of weights are called, as keys and as attributes.
_HELD = re.compile(
    r"^(?:[WUVwuv][A-Za-z]{0,3}|[bB][A-Za-z]{0,2}|gamma|beta|scale|shift|weights?|bias|kernel)_?[A-Za-z]?\d*$"
)


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
    weights = _weights(form, module)
    fore, back = (_with_fields(function, module, weights) for function in (form.fore, form.back))
    return dataclasses.replace(form, fore=fore, back=back) if fore is not form.fore else form


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


def _weights(form: PairForm, module: Mapping[str, Any]) -> dict[str, _Packed]:
    """The forward's parameters that hold weights, by their names or as of some the backward gives a gradient.

    A dict of which it gives none is one of settings, as `bn_param`.
    """
    given = texts_of(form.back.node)
    functions = _functions(f"{form.fore.source}\n{form.back.source}")
    found: dict[str, _Packed] = {}
    for name in parameter_names(form.fore.node):
        members = None if is_cache(name) else members_of(functions.get(form.fore.name), name, functions)
        if members is None:
            continue
        whole = members.with_others(members_of(functions.get(form.back.name), name, functions))
        leaves = list(whole.leaves())
        held = [leaf for leaf in leaves if _HELD.match(leaf) or _HELD.match(leaf.rpartition("_")[2])]
        # `a, b, c = q` takes a vector apart, where nothing but a letter is called as a weight is.
        are_held = held == leaves if members.kind == "places" else bool(held)
        has_gradient = any(belongs_to(text, leaves) not in ("", text) for text in given)
        is_plain = members.kind == "keys" and not any(members.parts.values())
        if has_gradient or (are_held and (not is_plain or set(leaves) & set(given))):
            found[name] = _Packed(dict.fromkeys(leaves, inspect.Parameter.empty), _Making(whole, module))
    return found


def _functions(source: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in syntax.parse(source).body if isinstance(node, ast.FunctionDef)}


@dataclasses.dataclass(frozen=True)
class _Making:
    """Puts members together as the code takes them apart; an object is one of a class of the file that has them."""

    members: Members
    module: Mapping[str, Any]

    def __call__(self, **leaves: Any) -> Any:
        """Of the leaves by name, those that are there."""
        return self._made(self.members, leaves, "")

    def _made(self, members: Members, leaves: Mapping[str, Any], before: str) -> Any:
        parts = {
            name: leaves.get(before + name) if inner is None else self._made(inner, leaves, f"{before}{name}_")
            for name, inner in members.parts.items()
            if inner is not None or before + name in leaves
        }
        if members.kind == "attributes":
            return self._object(parts)
        return list(parts.values()) if members.kind == "places" else parts

    def _object(self, parts: Mapping[str, Any]) -> Any:
        kinds = (value for value in self.module.values() if isinstance(value, type))
        kind = next((kind for kind in kinds if set(parts) <= set(_slots(kind))), SimpleNamespace)
        made: Any = object.__new__(kind)
        for name, value in parts.items():
            setattr(made, name, value)
        return made


def _slots(kind: type) -> Sequence[str]:
    """The attributes that a class says it has."""
    return [*getattr(kind, "__slots__", ()), *getattr(kind, "__annotations__", ())]


def _opened(
    call: Callable[..., Any], signature: inspect.Signature, packed: Mapping[str, _Packed]
) -> Callable[..., Any]:
    def called(**given: Any) -> Any:
        for name, each in packed.items():
            given[name] = each.make(**{field: given.pop(field) for field in each.fields if field in given})
        result = call_by_name(call, {name: given[name] for name in signature.parameters if name in given})
        home = getattr(call, "__module__", "")
        is_several = isinstance(result, tuple)
        return tuple(_as_dict(part, home) for part in result) if is_several else _as_dict(result, home)

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


def _as_dict(value: Any, home: str) -> Any:
    """The fields of a dataclass, and the arrays of an object that has slots, of a class of the module `home`; anything
    else as it is."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    slots = _slots(type(value)) if type(value).__module__ == home else ()
    held = vars(value) if isinstance(value, SimpleNamespace) else {name: getattr(value, name, None) for name in slots}
    return {name: each for name, each in held.items() if each is not None} or value
