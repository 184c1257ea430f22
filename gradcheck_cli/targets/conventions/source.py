"""What the target's source tells without running it: how a cache is taken apart, what is returned, layout hints."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from gradcheck_cli.model.syntax import identifier
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.nodes import (
    NameTree,
    binds,
    channel_position,
    filled,
    indexed,
    is_pair_of_pairs,
    is_shape,
    is_size,
    looked_up,
    may_be,
    name_tree,
    own_nodes,
    returned_names,
    shape_owner,
    whole_number,
    word_of,
)
from gradcheck_cli.targets.conventions.use import Use, Uses, nodes_of

# What `stride, pad = settings` takes apart: as roles that a name tells first.
_SETTINGS = (["stride"], ["padding"], ["dilation"], ["groups"])


@dataclass(frozen=True)
class Source:
    """One definition (function or class) of the user's file, or nothing where it is not written there."""

    node: ast.AST | None

    def walk(self) -> Iterator[ast.AST]:
        """Every node of the definition."""
        return iter(nodes_of(self.node))

    def functions(self) -> list[Source]:
        """The functions that it consists of: itself, or the methods of a class."""
        methods = [node for node in getattr(self.node, "body", ()) if isinstance(node, ast.FunctionDef)]
        return list(map(Source, methods)) if isinstance(self.node, ast.ClassDef) else [self]

    def method(self, name: str) -> Source:
        """The definition of a method."""
        return _method(self, name)

    def use(self, name: str) -> Use:
        """What the definition does with `name`."""
        return _use(self, name)

    def roles(self, name: str) -> list[str]:
        """Roles that `name` may play, the likeliest first: its use decides before its spelling."""
        return list(_roles(self, name))

    def _members(self, name: str) -> list[str]:
        found = self.structure(name)
        return [item for item in found if isinstance(item, str)] if isinstance(found, tuple) else []

    def keys(self, variable: str = "") -> list[str]:
        """String keys read from `variable` (from anything, without a name), and sizes read as attributes, in order."""
        found = dict.fromkeys(self.string_keys(variable))
        return list(found | dict.fromkeys(self.use(variable).keys)) if variable else list(found)

    def string_keys(self, variable: str) -> list[str]:
        """String keys read from `variable` alone: `variable["key"]`, `variable.get("key")`."""
        return list(_string_keys(self, variable))

    def structure(self, variable: str) -> NameTree | None:
        """How `variable` is unpacked: `(x, w, b, p) = cache`, `x = cache[0]`, `x = cache["x"]`."""
        found = _structure(self, variable)
        return dict(found) if isinstance(found, dict) else found

    def returns(self) -> list[str]:
        """Names of what the last `return` gives, outermost order; "" for an expression."""
        value = self._last_return()
        return returned_names(value) if value is not None else []

    def returns_several(self) -> bool:
        """Whether the last `return` gives a tuple: an output and something else."""
        value = self._last_return()
        return isinstance(value, ast.Tuple) and len(value.elts) > 1

    def cache_names(self) -> list[str]:
        """Names of what a forward that ends in `return out, (x, w, b)` stores; also where the tuple has a name."""
        value = self._last_return()
        if not isinstance(value, ast.Tuple) or len(value.elts) != 2:
            return []
        cache: ast.expr = value.elts[1]
        if isinstance(cache, ast.Name):
            named = [node.value for node in self.walk() if isinstance(node, ast.Assign) and binds(node, cache.id)]
            cache = named[-1] if named else cache
        return [identifier(item) for item in cache.elts] if isinstance(cache, ast.Tuple) else []

    def returns_nothing(self) -> bool:
        """Whether the definition is there and holds no `return` with a value, those of inner functions left out."""
        return isinstance(self.node, ast.FunctionDef) and not any(
            isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) and node.value is not None
            for node in own_nodes(self.node)
        )

    def not_implemented(self) -> int:
        """The line of a `raise NotImplementedError` that every call reaches; 0 without one."""
        body = self.node.body if isinstance(self.node, ast.FunctionDef) else []
        for node in body:
            raised = node.exc if isinstance(node, ast.Raise) else None
            if identifier(raised.func if isinstance(raised, ast.Call) else raised) == "NotImplementedError":
                return node.lineno
        return 0

    def refuses_at(self, name: str, line: int) -> bool:
        """Whether a `raise` or an `assert` of this definition, called `name`, stands at `line`: its own refusal."""
        return getattr(self.node, "name", "") == name and any(
            isinstance(node, ast.Raise | ast.Assert) and node.lineno <= line <= (node.end_lineno or node.lineno)
            for node in self.walk()
        )

    def returned_function(self) -> Source:
        """The definition inside this one that its last `return` hands out; nothing where none does."""
        names = set(self.returns())
        inner = [node for node in self.walk() if isinstance(node, ast.FunctionDef) and node is not self.node]
        found = [node for node in inner if node.name in names]
        return Source(found[-1] if found else None)

    def held_by(self, owner: str) -> set[str] | None:
        """The attributes of `owner` that are used; None where `owner` itself is handed on, or nothing can be read."""
        if self.node is None:
            return None
        names = [node for node in self.walk() if isinstance(node, ast.Name) and node.id == owner]
        attributes = [
            node for node in self.walk() if isinstance(node, ast.Attribute) and identifier(node.value) == owner
        ]
        plain = [node for node in attributes if isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name)]
        return {node.attr for node in plain} if len(names) == len(plain) else None

    def globals_read(self) -> set[str]:
        """Names that are read and that the definition neither is handed nor makes."""
        names = [node for node in self.walk() if isinstance(node, ast.Name)]
        own = {node.arg for node in self.walk() if isinstance(node, ast.arg)} - self._declared_global()
        own |= {node.id for node in names if isinstance(node.ctx, ast.Store)} - self._declared_global()
        return {node.id for node in names if isinstance(node.ctx, ast.Load)} - own

    def globals_written(self) -> set[str]:
        """Names of the file into which the definition puts something: `g = `, `g[k] = `, `g.k = `, `g.append()`."""
        declared, held = self._declared_global(), self.globals_read()
        stored = {node.id for node in self.walk() if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        return (stored & declared) | {name for node in self.walk() for name in [filled(node)] if name in held}

    def _declared_global(self) -> set[str]:
        return {name for node in self.walk() if isinstance(node, ast.Global) for name in node.names}

    def _last_return(self) -> ast.expr | None:
        return _last_return(self)

    def takes_sides(self, name: str) -> bool:
        """Whether `name` is taken apart as `(top, bottom), (left, right) = name`, also behind a condition."""
        assigned = [node for node in self.walk() if isinstance(node, ast.Assign)]
        return any(is_pair_of_pairs(node.targets[0]) and may_be(node.value, name) for node in assigned)

    def shape_names(self, role: str) -> list[list[str]]:
        """The names into which `w.shape` is unpacked, for every array that plays `role` by its name."""
        return [list(names) for names in _shape_names(self, role)]

    def shape_axes(self, role: str) -> list[int]:
        """The axis of each `w.shape[2]` with a literal index, for every array that plays `role` by its name.

        Empty where the shape is also cut, `w.shape[2:]`, or unpacked: then it may give any size.
        """
        return list(_shape_axes(self, role))

    def axes_hint(self) -> str:
        """ "last" or "first": where the channel axis stands in `(n, h, w, c) = x.shape`; "" when nothing tells."""
        return _axes_hint(self)

    def settings_taken_apart(self, variable: str) -> dict[str, tuple[str, ...]]:
        """key -> names, of `top, left, bottom, right = variable.pads` and of `sh, sw = variable["stride"]`."""
        return dict(_settings_taken_apart(self, variable))

    def mentions(self, *words: str) -> bool:
        """Whether a string, a name or an attribute of the definition is one of `words`."""
        return not _said(self).isdisjoint(words)

    def numbers(self) -> set[float]:
        """Numeric literals."""
        constants = (node.value for node in self.walk() if isinstance(node, ast.Constant))
        return {float(value) for value in constants if isinstance(value, int | float) and not isinstance(value, bool)}


# Every call of a target asks again what its definition does with each name: it is read once.
@cache
def _method(source: Source, name: str) -> Source:
    body = getattr(source.node, "body", [])
    found = [item for item in body if isinstance(item, ast.FunctionDef) and item.name == name]
    return Source(found[-1] if found else None)


@cache
def _last_return(source: Source) -> ast.expr | None:
    if isinstance(source.node, ast.Lambda):
        return source.node.body
    nodes = own_nodes(source.node) if isinstance(source.node, ast.FunctionDef) else source.walk()
    statements = [node for node in nodes if isinstance(node, ast.Return) and node.value is not None]
    return max(statements, key=lambda node: node.lineno).value if statements else None


@cache
def _uses(source: Source) -> Uses:
    return Uses(source.node)


@cache
def _use(source: Source, name: str) -> Use:
    return _uses(source).of(name)


@cache
def _roles(source: Source, name: str) -> list[str]:
    use = source.use(name)
    named = [role for role in function_roles(name) if use.fits(role)]
    if "in_size" in named and ("size" in use.kinds or use.unpacked == 2):
        named = ["in_size"]
    if named or not use.known:
        return named
    if "mapping" in use.kinds:
        members = {role for key in use.keys for role in function_roles(key)[:1]}
        if not members:
            return function_roles(name)
        return ["cache", "params"] if {"x", "x_padded"} & members else ["params"]
    parts = source._members(name)
    if len(parts) > 1 and all(function_roles(part)[:1] in _SETTINGS for part in parts):
        return ["params"]
    if use.unpacked > 2 and any(not is_size(member) for member in source._members(name)):
        return ["cache"]
    if use.kinds == {"key"}:
        return ["key"]
    return ["in_size", "x_shape"] if use.kinds == {"size"} else []


@cache
def _string_keys(source: Source, variable: str) -> list[str]:
    found: dict[str, None] = {}
    for node in source.walk():
        owner, key = looked_up(node)
        if key is not None and variable in ("", owner):
            found[key] = None
    return list(found)


@cache
def _structure(source: Source, variable: str) -> NameTree | None:
    members: dict[int, str] = {}
    keys = source.string_keys(variable)
    for node in source.walk():
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        if isinstance(value, ast.Name) and value.id == variable and isinstance(target, ast.Tuple | ast.List):
            return name_tree(target)
        members.update(indexed(target, value, variable))
    if keys:
        return {key: key for key in keys}
    if members:
        return tuple(members.get(index, f"_{index}") for index in range(max(members) + 1))
    return None


@cache
def _shape_names(source: Source, role: str) -> list[list[str]]:
    assigned = [node for node in source.walk() if isinstance(node, ast.Assign)]
    return [
        [identifier(item) for item in node.targets[0].elts]
        for node in assigned
        if isinstance(node.targets[0], ast.Tuple | ast.List) and role in _owner_roles(node.value)
    ]


def _owner_roles(value: ast.expr) -> list[str]:
    """Roles of x in `x.shape`, and of what a name says to be the shape of, `w_shape`."""
    kept = {"x_shape": "x", "w_shape": "weight"}
    named = function_roles(value.id)[:1] if isinstance(value, ast.Name) else []
    return [kept[role] for role in named if role in kept] or function_roles(shape_owner(value))


@cache
def _shape_axes(source: Source, role: str) -> list[int]:
    read = [
        node
        for node in source.walk()
        if isinstance(node, ast.Subscript) and role in function_roles(shape_owner(node.value))
    ]
    axes = [whole_number(node.slice) for node in read]
    return [] if _shape_names(source, role) or None in axes else [axis for axis in axes if axis is not None]


@cache
def _axes_hint(source: Source) -> str:
    for node in source.walk():
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and is_shape(node.value):
            hint = channel_position([identifier(item) for item in node.targets[0].elts])
            if hint:
                return hint
    return ""


@cache
def _settings_taken_apart(source: Source, variable: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, tuple[str, ...]] = {}
    for node in source.walk():
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
            continue
        owner, key = looked_up(node.value)
        if isinstance(node.value, ast.Attribute) and isinstance(node.value.value, ast.Name):
            owner, key = node.value.value.id, node.value.attr
        if owner == variable and key:
            found[key] = tuple(identifier(name) for name in node.targets[0].elts)
    return tuple(found.items())


# Asked for each of hundreds of ways to call a target.
@cache
def _said(source: Source) -> frozenset[str]:
    return frozenset(map(word_of, source.walk()))
