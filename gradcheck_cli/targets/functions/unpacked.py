"""Functions that are handed their parameters in one thing: `attend(p: Weights, x)`, `step(x, params)`, `W, b = params`.

Each field of a dataclass, each weight of a dict, an object or a list is an argument of its own, also in parts of parts.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from types import SimpleNamespace
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.configuration import class_named
from gradcheck_cli.targets.functions.made_object import made_here
from gradcheck_cli.targets.functions.members import FileFunctions, Members, are_mirrored, members_of
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.prefixed import keys_computed, prefixes_of, without
from gradcheck_cli.targets.functions.reading import parameter_names, texts_of
from gradcheck_cli.targets.functions.spelling import belongs_to, is_cache

# What arrays of weights are called, as keys and as attributes.
_HELD = re.compile(
    r"^(?:[WUVwuv][A-Za-z]{0,3}|[bB][A-Za-z]{0,2}|[WUVb]_[a-z]{2,6}|gamma|beta|scale|shift|weights?|bias|kernel)_?[A-Za-z]?\d*$"
)
# What makes one array of numbers.
_ARRAYS = ("array", "asarray", "stack", "hstack", "concatenate")

# Of what a constructor makes, and what is put in its place has lengths of its own.
_A_LENGTH = 2


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
    functions = _functions(f"{form.fore.source}\n{form.back.source}")
    prefixes = prefixes_of(functions.get(form.fore.name))
    weights = _weights(form, module, without(prefixes, functions) if prefixes else functions)
    bound = {**weights, **dict.fromkeys(prefixes if weights else (), _Packed({}, str))}
    fore, back = (_with_fields(function, module, bound) for function in (form.fore, form.back))
    if fore is form.fore:
        return form
    back = _with_result_opened(back, {item.name for item in fore.parameters()}) if back is form.back else back
    return dataclasses.replace(form, fore=fore, back=back)


def _with_result_opened(function: PlainFunction, fields: Set[str]) -> PlainFunction:
    """The function that takes what it takes, a cache, and gives the gradients of these fields one by one."""
    try:
        signature = inspect.signature(function.call)
    except (TypeError, ValueError):
        return function
    return dataclasses.replace(function, call=_opened(function.call, signature, {}, fields))


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
    """The dataclass, or the named tuple, that an annotation means."""
    kind = class_named(annotation, module)
    return kind if kind is not None and (dataclasses.is_dataclass(kind) or _is_named_tuple(kind)) else None


def _is_named_tuple(kind: type) -> bool:
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def _of_dataclass(kind: type) -> _Packed:
    missing, empty = dataclasses.MISSING, inspect.Parameter.empty
    if _is_named_tuple(kind):
        defaults, names = vars(kind).get("_field_defaults", {}), vars(kind)["_fields"]
        return _Packed({name: defaults.get(name, empty) for name in names}, kind, getattr(kind, "__annotations__", {}))
    fields = {each.name: empty if each.default is missing else each.default for each in dataclasses.fields(kind)}
    later = [each.name for each in dataclasses.fields(kind) if not each.init]
    lengths = [each.name for each in dataclasses.fields(kind) if later and each.init and each.type in ("int", int)]
    making = partial(_made_later, kind, later, dict.fromkeys(lengths, _A_LENGTH)) if later else kind
    fields = {name: default for name, default in fields.items() if name not in lengths}
    return _Packed(fields, making, {each.name: each.type for each in dataclasses.fields(kind)})


def _made_later(kind: type, later: Sequence[str], lengths: Mapping[str, int], **given: Any) -> Any:
    """One whose constructor makes some of its fields itself, in these lengths, with others in their place."""
    made = kind(**lengths, **{name: value for name, value in given.items() if name not in later})
    for name in (name for name in later if name in given):
        object.__setattr__(made, name, given[name])  # also of one that is frozen
    return made


def _weights(form: PairForm, module: Mapping[str, Any], functions: FileFunctions) -> dict[str, _Packed]:
    """The forward's parameters that hold weights, by their names or as of some the backward gives a gradient.

    A dict of which it gives none is one of settings, as `bn_param`.
    """
    back = functions.get(form.back.name, form.back.node)
    given, keys = texts_of(back), keys_computed(back)
    found: dict[str, _Packed] = {}
    for name in parameter_names(form.fore.node):
        members = None if is_cache(name) else members_of(functions.get(form.fore.name), name, functions)
        if members is None or (members.kind == "places" and _is_one_vector(back, list(members.leaves()))):
            continue
        whole = members.with_others(members_of(functions.get(form.back.name), name, functions))
        leaves = list(whole.leaves())
        held = [leaf for leaf in leaves if _HELD.match(leaf) or _HELD.match(leaf.rpartition("_")[2])]
        # `a, b, c = q` takes a vector apart, where nothing but a letter is called as a weight is.
        are_held = held == leaves if members.kind == "places" else bool(held)
        has_gradient = any(belongs_to(text, leaves) not in ("", text) for text in given)
        has_gradient = has_gradient or bool(_stored(back, name) & set(leaves)) or _makes(back, set(leaves), module)
        has_gradient = has_gradient or are_mirrored(back, name)
        has_gradient = has_gradient or (are_held and any(key.fullmatch(leaf) for key in keys for leaf in leaves))
        is_plain = members.kind == "keys" and not any(members.parts.values())
        is_more = is_plain and not set(leaves) <= _texts_in(functions, form.fore.source)  # than what the forward reads
        if not is_more and (has_gradient or (are_held and (not is_plain or set(leaves) & set(given)))):
            made = made_here(module, set(leaves)) if members.kind == "attributes" else None
            making = _Making(whole, module, None if made is None else made.held)
            found[name] = _Packed(dict.fromkeys(leaves, inspect.Parameter.empty), making)
    return found


def _is_one_vector(back: ast.AST | None, leaves: Sequence[str]) -> bool:
    """Does a backward put the gradients of these numbers into one array: `k, c = params`, `np.array([gk, gc])`?"""
    calls = [node for node in ast.walk(back) if isinstance(node, ast.Call)] if back is not None else []
    lists = [node.args[0] for node in calls if syntax.called(node) in _ARRAYS and node.args]
    parts = [[getattr(part, "id", "") for part in getattr(each, "elts", ())] for each in lists]
    return any([belongs_to(name, leaves) for name in names] == list(leaves) != names for names in parts)


def _stored(node: ast.AST | None, name: str) -> set[str]:
    """The attributes that are set of anything but this parameter: `grads.W += ...`."""
    found = (inner for inner in ast.walk(node) if isinstance(inner, ast.Attribute)) if node is not None else ()
    return {each.attr for each in found if isinstance(each.ctx, ast.Store) and getattr(each.value, "id", "") != name}


def _makes(node: ast.AST | None, leaves: Set[str], module: Mapping[str, Any]) -> bool:
    """Does a backward make an object of a class of the file that has all these, as `Weights(dW, db)`?"""
    calls = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)) if node is not None else ()
    kinds = (module.get(syntax.identifier(call.func)) for call in calls)
    return any(isinstance(kind, type) and leaves <= set(_slots(kind)) for kind in kinds)


def _texts_in(functions: FileFunctions, source: str) -> set[str]:
    """The texts in a forward and in what it uses."""
    return {text for name in _functions(source) for text in texts_of(functions[name])}


def _functions(source: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in syntax.parse(source).body if isinstance(node, ast.FunctionDef)}


@dataclasses.dataclass(frozen=True)
class _Making:
    """Puts members together as the code takes them apart; an object is one of a class of the file that has them."""

    members: Members
    module: Mapping[str, Any]
    held: Any = None

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
        if self.held is not None:
            return _with_parts(copy.copy(self.held), parts)
        kinds = (value for value in self.module.values() if isinstance(value, type))
        kind = next((kind for kind in kinds if set(parts) <= set(_slots(kind))), None)
        if kind is None:
            return SimpleNamespace(**parts)
        if _is_named_tuple(kind):
            return kind(**{name: parts.get(name) for name in _slots(kind)})
        return _with_parts(object.__new__(kind), parts)


def _with_parts(made: Any, parts: Mapping[str, Any]) -> Any:
    for name, value in parts.items():
        setattr(made, name, value)
    return made


def _slots(kind: type) -> Sequence[str]:
    """The attributes that a class says it has."""
    named: Sequence[str] = getattr(kind, "_fields", ())
    return named or [*getattr(kind, "__slots__", ()), *getattr(kind, "__annotations__", ())]


def _opened(
    call: Callable[..., Any],
    signature: inspect.Signature,
    packed: Mapping[str, _Packed],
    known: Set[str] = frozenset(),
) -> Callable[..., Any]:
    def called(**given: Any) -> Any:
        for name, each in packed.items():
            given[name] = each.make(**{field: given.pop(field) for field in each.fields if field in given})
        result = call_by_name(call, {name: given[name] for name in signature.parameters if name in given})
        home = getattr(call, "__module__", "")
        fields = known | {field for each in packed.values() for field in each.fields}
        is_several = isinstance(result, tuple) and not _is_named_tuple(type(result))
        return tuple(_as_dict(part, home, fields) for part in result) if is_several else _as_dict(result, home, fields)

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


def _as_dict(value: Any, home: str, fields: Set[str]) -> Any:
    """The fields of a dataclass, and the arrays of an object that has slots, of a class of the module `home`; anything
    else as it is. Of an object that has all `fields` these alone: what else it holds nobody was asked for."""
    if _is_named_tuple(type(value)):  # any other is a cache, which is taken apart as a tuple too
        return value._asdict() if set(value._fields) <= fields else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    slots = _slots(type(value)) if type(value).__module__ == home else ()
    is_open = isinstance(value, SimpleNamespace) or (not slots and _has_all(value, fields))
    held = vars(value) if is_open else {name: getattr(value, name, None) for name in slots}
    found = {name: each for name, each in held.items() if each is not None}
    return ({name: found[name] for name in fields} if fields and fields <= found.keys() else found) or value


def _has_all(value: Any, fields: Set[str]) -> bool:
    return bool(fields) and set(fields) <= getattr(value, "__dict__", {}).keys()
