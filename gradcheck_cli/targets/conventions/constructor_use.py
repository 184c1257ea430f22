"""What a constructor does with its parameters, from its source: sizes, tuples, dicts, objects, functions."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gradcheck_cli.model.syntax import identifier
from gradcheck_cli.targets.conventions.defaults import merged_with
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.conventions.use import LOOKUPS, nodes_of

# Read from arrays, lists and texts too, so they say nothing of an object of settings.
OF_ARRAYS = (
    *("shape", "copy", "dot", "T", "size", "ndim", "dtype", "append", "items", "get", "keys", "values", "astype"),
    *("pop", "setdefault", "index", "count", "lower", "upper", "strip", "startswith", "endswith", "format", "sum"),
)
# Read from arrays alone.
OF_ARRAYS_ONLY = ("shape", "T", "ndim", "reshape", "dot", "transpose", "astype", "ravel", "flatten")
# What makes weights of the shape that it is handed first; `np.zeros(n)` is a bias of n as often.
OF_A_SHAPE = ("standard_normal", "random_sample", "initializer", "init")
LIKE_ARRAYS = ("zeros_like", "ones_like", "empty_like")
NOTHING = inspect.Parameter.empty


@dataclass(frozen=True)
class ParameterUse:
    """How one parameter is used.

    Attributes:
        keys: string keys read from it, `config["stride"]`, with their defaults, `config.get("pad", 0)`; None for a
            default that is no literal.
        attributes: attributes read from it, `config.stride`, and methods called without arguments.
        getters: those of the attributes that are such methods, `config.getStride()`.
        parts: into how many parts it is taken apart, `c, h, w = shape`, `kernel[3]`; 0 where it is not.
        sized: it takes part in arithmetic, in a shape or in a call; else it is merely kept.
        called: it is called, `activation(z)`, or a method of it with arguments, `optimizer.step(w, dw)`.
        array: it is read as only an array is: its shape, a slice of it over several axes.
        shape: an array is made of this shape.
        methods: methods of it that are called with arguments, `rng.normal(0, 1, shape)`.
        texts: the strings with which it is compared.
        names: those into which it is taken apart, `top, bottom, left, right = padding`.
        merged: names of the dicts of defaults with which it is merged, `{**DEFAULTS, **config}`.
        axes: into how many sizes its shape is taken apart; 0 where it is not.
        counted: a loop counts up to it, `range(filters)`: it is a whole number.
        spread: its numbers are the arguments of a call, `randn(*shape)`.
    """

    keys: Mapping[str, Any] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    getters: tuple[str, ...] = ()
    parts: int = 0
    sized: bool = True
    called: bool = False
    array: bool = False
    shape: bool = False
    methods: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    axes: int = 0
    counted: bool = False
    spread: bool = False


@cache  # every layout and every way to call the class asks again
def use_of(source: Source, name: str) -> ParameterUse:
    """How the class whose definition `source` is uses the parameter `name` of its constructor."""
    init = source.method("__init__")
    if init.node is None and not source.method("__post_init__").node:
        return ParameterUse()
    kept = _aliases(init, name) if init.node is not None else {name}
    nodes = [*_within(init, name), *_elsewhere(source, kept), *_local(source, kept)]
    attributes = tuple(dict.fromkeys(word for node in nodes if (word := _attribute(node))))
    keys = {**_keys(init, name), **{key: value for alias in kept for key, value in _keys(source, alias).items()}}
    return ParameterUse(
        keys=_with_nested(
            keys, attributes, [*_paths(init, name), *(path for one in kept for path in _paths(source, one))]
        ),
        attributes=attributes,
        getters=tuple(dict.fromkeys(node.word for node in nodes if node.how == "getter")),
        parts=max((_parts(node) for node in nodes), default=0),
        sized=any(_is_sized(node) for node in nodes),
        called=any(node.how in ("called", "told") for node in nodes),
        array=any(node.how == "array" or node.word in OF_ARRAYS_ONLY for node in nodes),
        shape=any(node.how == "shape" for node in nodes),
        methods=tuple(dict.fromkeys(node.word for node in nodes if node.how == "told")),
        texts=tuple(dict.fromkeys(node.word for node in nodes if node.how == "text")),
        names=next((tuple(node.word.split(",")) for node in nodes if node.how == "parts" and "," in node.word), ()),
        merged=merged_with(init.node, name),
        axes=source.use(name).axes,
        spread=any(node.how == "spread" for node in nodes),
        counted=any(node.how == "counted" for node in nodes),
    )


def _keys(source: Source, name: str) -> dict[str, Any]:
    """The string keys read from a name, with their defaults; a key that is also read without one is required."""
    found: dict[str, Any] = {}
    for key in source.string_keys(name):
        found[key] = NOTHING
    for node in source.walk():
        key, default = _lookup(node, name)
        if key and not _is_subscripted(source, name, key):
            found[key] = default
    return found


def _with_nested(keys: dict[str, Any], attributes: Sequence[str], paths: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """The keys with those of settings in settings, `kernel.size`, in place of the outer ones."""
    nested = {".".join(path): NOTHING for path in paths}
    if not nested:
        return keys
    outer = {path[:length] for path in paths for length in range(1, len(path))}
    flat = {**dict.fromkeys(attributes, NOTHING), **keys}
    whole = {**{key: value for key, value in flat.items() if (key,) not in outer}, **nested}
    return {key: value for key, value in whole.items() if tuple(key.split(".")) not in outer}


def _paths(source: Source, name: str) -> list[tuple[str, ...]]:
    """What is read from a name through more than one step: `cfg["kernel"]["size"]`, `args.conv.stride`."""
    called = {id(node.func) for node in source.walk() if isinstance(node, ast.Call)}
    found = (_path(node, name) for node in source.walk() if id(node) not in called)
    return [path for path in found if path is not None and len(path) > 1]


def _path(node: ast.AST, name: str) -> tuple[str, ...] | None:
    """The words from `name`, or from an attribute of the object that is called so, to this expression."""
    if isinstance(node, ast.Name):
        return () if node.id == name else None
    if isinstance(node, ast.Attribute) and node.attr == name and _is_self(node):
        return ()
    step: tuple[str, ...] = ()
    if isinstance(node, ast.Attribute) and node.attr not in (*OF_ARRAYS, *OF_ARRAYS_ONLY):
        inner, step = _path(node.value, name), (node.attr,)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        inner, step = _path(node.value, name), (node.slice.value,)
    else:
        return None
    return None if inner is None else (*inner, *step)


def _lookup(node: ast.AST, name: str) -> tuple[str, Any]:
    """(key, default) of `name.get("key", 3)` and `getattr(name, "key", 3)`; ("", None) for anything else."""
    is_got = isinstance(node, ast.Call) and identifier(node.func) == "getattr" and len(node.args) > 1
    if is_got and isinstance(node, ast.Call) and identifier(node.args[0]) == name:
        return _got(node.args)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in LOOKUPS:
        return "", None
    key = node.args[0] if node.args else None
    if identifier(node.func.value) != name or not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        return "", None
    try:
        return key.value, ast.literal_eval(node.args[1])
    except (IndexError, ValueError):
        return key.value, None


def _got(arguments: Sequence[ast.expr]) -> tuple[str, Any]:
    """(key, default) of the arguments of `getattr(settings, "stride", 1)`."""
    word = arguments[1]
    if not isinstance(word, ast.Constant):
        return "", None
    default = arguments[2] if len(arguments) > 2 else None
    if default is None:
        return str(word.value), NOTHING
    return str(word.value), default.value if isinstance(default, ast.Constant) else None


def _is_subscripted(source: Source, name: str, key: str) -> bool:
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and node.slice.value == key
        and identifier(node.value) == name
        for node in source.walk()
    )


@dataclass(frozen=True)
class _Seen:
    """One place where a parameter is read: what is done there, and with which word or number."""

    how: str
    word: str = ""
    number: int = 0


def _aliases(init: Source, name: str) -> set[str]:
    """Attributes that simply keep the parameter: `self.cfg = config`, `self.a, self.b = a, b`."""
    found: set[str] = set()
    for node in init.walk():
        if isinstance(node, ast.Assign):
            for target in node.targets:
                found |= {left for left, right in _pairs(target, node.value) if right == name}
    return found


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, str]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for left, right in zip(target.elts, value.elts, strict=False):
            yield from _pairs(left, right)
    elif isinstance(target, ast.Attribute) and isinstance(value, ast.Name):
        yield target.attr, value.id


def _within(init: Source, name: str) -> list[_Seen]:
    return _seen(init.node, lambda node: isinstance(node, ast.Name) and node.id == name)


def _elsewhere(source: Source, names: set[str]) -> list[_Seen]:
    return _seen(source.node, lambda node: isinstance(node, ast.Attribute) and node.attr in names and _is_self(node))


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def _local(source: Source, kept: set[str]) -> list[_Seen]:
    """The same for a name that a method gives to what is kept: `cfg = self.config`."""
    found: list[_Seen] = []
    for method in getattr(source.node, "body", []):
        for name in {name for node in nodes_of(method) for name in _renamed(node, kept)}:
            found += _within(Source(method), name)
    return found


def _renamed(node: ast.AST, kept: set[str]) -> Iterator[str]:
    """The name that a statement gives to what is kept."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return
    if isinstance(node.value, ast.Attribute) and _is_self(node.value) and node.value.attr in kept:
        yield node.targets[0].id


def _seen(root: ast.AST | None, is_it: Callable[[ast.AST], bool]) -> list[_Seen]:
    found: list[_Seen] = []
    for node, child in _edges(root):
        if is_it(child):
            found += _one(node, child)
        elif isinstance(node, ast.Call) and isinstance(child, ast.Attribute) and is_it(child.value):
            found.append(_method(node, child))
    return found


@cache
def _edges(root: ast.AST | None) -> tuple[tuple[ast.AST, ast.AST], ...]:
    """Every node of a definition with each of its children."""
    return tuple((node, child) for node in nodes_of(root) for child in ast.iter_child_nodes(node))


def _method(call: ast.Call, method: ast.Attribute) -> _Seen:
    """`settings.stride()` asks for a setting, `optimizer.step(w, dw)` tells something."""
    if method.attr in OF_ARRAYS or method.attr in OF_ARRAYS_ONLY or call.func is not method:
        return _Seen("")
    return _Seen("told" if call.args or call.keywords else "getter", method.attr)


def _one(parent: ast.AST, child: ast.AST) -> Iterator[_Seen]:
    """What `parent` does with `child`."""
    if isinstance(parent, ast.Subscript) and parent.value is child:
        yield from _index(parent.slice)
    elif isinstance(parent, ast.Call) and identifier(parent.func) in LIKE_ARRAYS:
        yield _Seen("array")
    elif isinstance(parent, ast.Attribute):
        yield _Seen("attribute", parent.attr)
    elif isinstance(parent, ast.Assign) and parent.value is child:
        target = parent.targets[0]
        yield _taken_apart(target.elts) if isinstance(target, ast.Tuple | ast.List) else _Seen("kept")
    elif isinstance(parent, ast.Compare):
        yield from (_Seen("text", text) for text in _texts(parent))
    elif isinstance(parent, ast.keyword) and parent.arg in ("size", "shape"):
        yield _Seen("shape")
    elif isinstance(parent, ast.Call) and child in parent.args[:1] and identifier(parent.func) in OF_A_SHAPE:
        yield from (_Seen("shape"), _Seen("sized"))
    elif isinstance(parent, ast.Call) and parent.func is child:
        yield _Seen("called")
    elif isinstance(parent, ast.Call) and identifier(parent.func) == "range":
        yield from (_Seen("counted"), _Seen("sized"))
    elif isinstance(parent, ast.Starred):
        yield from (_Seen("spread"), _Seen("sized"))
    elif isinstance(parent, ast.BinOp | ast.Call | ast.Tuple | ast.List | ast.keyword):
        yield _Seen("sized")


def _taken_apart(names: Sequence[ast.expr]) -> _Seen:
    return _Seen("parts", ",".join(identifier(name) for name in names), len(names))


def _texts(comparison: ast.Compare) -> Iterator[str]:
    for node in ast.walk(comparison):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _index(index: ast.expr) -> Iterator[_Seen]:
    if isinstance(index, ast.Constant) and isinstance(index.value, int) and index.value >= 0:
        yield _Seen("parts", number=index.value + 1)
    elif isinstance(index, ast.Tuple) and any(isinstance(part, ast.Slice) for part in index.elts):
        yield _Seen("array")


def _attribute(seen: _Seen) -> str:
    return seen.word if seen.how == "attribute" and seen.word not in OF_ARRAYS else ""


def _parts(seen: _Seen) -> int:
    return seen.number if seen.how == "parts" else 0


def _is_sized(seen: _Seen) -> bool:
    return seen.how in ("sized", "parts")
