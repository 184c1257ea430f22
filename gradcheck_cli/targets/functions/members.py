"""What a function reads of a parameter that holds others: `block["norm"]["scale"]`, `p.W`, `W, b = params`.

Followed into the functions that are handed the whole, or a part of it. Nothing is executed here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.spelling import word_set

MemberKind = Literal["keys", "attributes", "places"]
"""How it is taken apart: `p["W"]`, `p.W`, `W, b = p`."""
FileFunctions = Mapping[str, ast.FunctionDef]

# What arrays and dicts have themselves.
_OF_ARRAYS = word_set(
    "shape T dtype ndim size dot sum mean max min reshape transpose copy astype items keys values get update pop "
    "append ravel flatten tolist argmax std var clip"
)
_ZEROS = word_set("zeros_like zeros empty_like full_like")
# FileFunctions that hand each other parts of parts: deeper than any block of a network.
_DEEPEST = 6


@dataclass(frozen=True)
class Members:
    """What is read of one parameter. `parts`: a part by its name; None where nothing is read of it in turn."""

    kind: MemberKind
    parts: Mapping[str, Members | None] = field(default_factory=dict)

    def leaves(self, before: str = "") -> Iterator[str]:
        """The names of all that is no further taken apart: "norm_scale" of what lies in a part."""
        for name, inner in self.parts.items():
            if inner is None:
                yield before + name
            else:
                yield from inner.leaves(f"{before}{name}_")

    def with_others(self, other: Members | None) -> Members:
        """The same with what another function reads of it."""
        if other is None or other.kind != self.kind:
            return self
        return Members(self.kind, _united(self.parts, other.parts))


def _united(one: Mapping[str, Members | None], other: Mapping[str, Members | None]) -> Mapping[str, Members | None]:
    both = {name: mine.with_others(other.get(name)) for name, mine in one.items() if mine is not None}
    return {**dict.fromkeys(one), **other, **both}


def members_of(function: ast.AST | None, name: str, functions: FileFunctions, depth: int = 0) -> Members | None:
    """What is read of a parameter or of a name; None where something else is done with it, or nothing is read.

    Args:
        functions: of the file, by name.
    """
    if function is None or depth > _DEEPEST:
        return None
    found: Members | None = None
    above = _above(function)
    uses = (node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name)
    loads = (node for node in uses if isinstance(node.ctx, ast.Load))
    for node in sorted(loads, key=lambda node: (node.lineno, node.col_offset)):
        if _is_kept(above.get(node)) or gone_through(node, above) is not None:  # or all that it holds alike
            continue
        read = _read(node, above, functions, depth)
        if read is None or (found is not None and found.kind != read.kind):
            return None
        found = read if found is None else found.with_others(read)
    return found


def gone_through(node: ast.expr, above: Mapping[ast.AST, ast.AST]) -> ast.AST | None:
    """What goes through all that a name holds: `[... for p in params]`, `for k, v in params.items()`; None for none."""
    parent = above.get(node)
    is_of_entries = isinstance(parent, ast.Attribute) and parent.attr in ("items", "values", "keys")
    whole = above.get(parent) if parent is not None and is_of_entries else node
    around = above.get(whole) if whole is not None else None
    is_it = isinstance(around, ast.comprehension | ast.For) and around.iter is whole
    return (above.get(around) if isinstance(around, ast.comprehension) else around) if is_it and around else None


def are_mirrored(function: ast.AST | None, name: str) -> bool:
    """Does a function make a zero like each that a parameter holds, `[np.zeros_like(p) for p in params]`: gradients?"""
    if function is None:
        return False
    above = _above(function)
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
    around = [found for node in uses if (found := gone_through(node, above)) is not None]
    calls = [inner for each in around for inner in ast.walk(each) if isinstance(inner, ast.Call)]
    return any(syntax.called(call) in _ZEROS for call in calls)


def _is_kept(parent: ast.AST | None) -> bool:
    """Is it put as it is into a tuple, a list, a dict, or an object of a class: `Cache(x, params)`?"""
    if isinstance(parent, ast.Call):
        return isinstance(parent.func, ast.Name) and parent.func.id[:1].isupper()
    return isinstance(parent, ast.Tuple | ast.List | ast.Dict | ast.Return)


@lru_cache(maxsize=64)
def _above(function: ast.AST) -> dict[ast.AST, ast.AST]:
    """Node -> that in which it stands."""
    return {inner: node for node in ast.walk(function) for inner in ast.iter_child_nodes(node)}


def _read(node: ast.expr, above: Mapping[ast.AST, ast.AST], functions: FileFunctions, depth: int) -> Members | None:
    """What one use reads; None where it is another one."""
    parent = above.get(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:
        key = parent.slice
        if not isinstance(key, ast.Constant) or not str(key.value).isidentifier() or not isinstance(key.value, str):
            return None
        return Members("keys", {key.value: _part(parent, above, functions, depth)})
    if isinstance(parent, ast.Attribute):
        is_own = parent.attr not in _OF_ARRAYS and not isinstance(above.get(parent), ast.Call)
        return Members("attributes", {parent.attr: None}) if is_own else None
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Tuple | ast.List):
        names = [item.id for item in parent.targets[0].elts if isinstance(item, ast.Name)]
        return Members("places", dict.fromkeys(names)) if len(names) == len(parent.targets[0].elts) else None
    return _handed_on(node, parent, above, functions, depth)


def _part(node: ast.expr, above: Mapping[ast.AST, ast.AST], functions: FileFunctions, depth: int) -> Members | None:
    """What is read of a part in turn; None where it is used as it is."""
    parent = above.get(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:
        return _read(node, above, functions, depth)
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        return members_of(_root(node, above), parent.targets[0].id, functions, depth + 1)
    return _handed_on(node, parent, above, functions, depth)


def _root(node: ast.AST, above: Mapping[ast.AST, ast.AST]) -> ast.AST:
    while node in above:
        node = above[node]
    return node


def _handed_on(
    node: ast.expr, parent: ast.AST | None, above: Mapping[ast.AST, ast.AST], functions: FileFunctions, depth: int
) -> Members | None:
    """What a function of the file reads of it: as an argument, or spread over its arguments, `norm(x, **part)`."""
    keyword = parent if isinstance(parent, ast.keyword) else None
    call = above.get(keyword) if keyword is not None else parent
    called = functions.get(getattr(call.func, "id", "")) if isinstance(call, ast.Call) else None
    if called is None or not isinstance(call, ast.Call):
        return None
    names = [item.arg for item in called.args.args]
    if keyword is not None and keyword.arg is None:
        given = {*names[: len(call.args)], *(item.arg for item in call.keywords)}
        needed = names[: len(names) - len(called.args.defaults)]
        return Members("keys", {name: None for name in needed if name not in given})
    if keyword is not None:
        return members_of(called, keyword.arg or "", functions, depth + 1)
    place = call.args.index(node)
    return members_of(called, names[place], functions, depth + 1) if place < len(names) else None
