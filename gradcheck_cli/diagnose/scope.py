"""Where an exchange of expressions takes place: the names of a function, and the part of the text that is another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gradcheck_cli.diagnose.twins import twins
from gradcheck_cli.model.syntax import names_within

Mark = tuple[int, int, int, int]


@dataclass(frozen=True)
class Exchanged:
    """What stands in a node's place.

    Attributes:
        text: of the whole node.
        now: of the part that is another; "" where a part is taken away.
        mark: where that part stood, see `changes.Change`; None for the whole node.
    """

    text: str
    now: str = ""
    mark: Mark | None = None

    @property
    def takes_away(self) -> bool:
        """Nothing stands in its place."""
        return not self.now


@dataclass(frozen=True)
class Scope:
    """The names of a function.

    Attributes:
        known: all that it binds, reads or has as attributes of `self` ("self.stride").
        loops: the variables of its `for`s.
        arrays: its parameters, and what it unpacks.
        strides, paddings: texts that by their names are such.
        values: what it is given and what it assigns, and the attributes of `self`.
        indices: the sums that stand in its subscripts, also in the letters of the other axis, with the names in each.
    """

    known: frozenset[str]
    loops: tuple[str, ...]
    arrays: tuple[str, ...]
    strides: tuple[str, ...]
    paddings: tuple[str, ...]
    values: frozenset[str] = frozenset()
    indices: Mapping[str, frozenset[str]] = field(default_factory=dict)


# Parameters that hold no array.
_SETTING = re.compile(r"self|ctx|cls|_|.*(strid|pad|dil|group|size|shape|param|cache|step|lr|eps|kernel_[hw])|[sphkd]$")


def scope_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Scope:
    """The names of a function."""
    nodes = list(ast.walk(function))
    names = {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.arg for node in nodes if isinstance(node, ast.arg)
    }
    members = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute) and is_self(node.value)}
    loops = [name for node in nodes if isinstance(node, ast.For | ast.comprehension) for name in _bound(node.target)]
    unpacked = [name for node in nodes if isinstance(node, ast.Assign) for name in _unpacked(node)]
    arguments = [node.arg for node in nodes if isinstance(node, ast.arg) and not _SETTING.match(node.arg)]
    assigned = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    given = {node.arg for node in nodes if isinstance(node, ast.arg)}
    known = sorted(names | members)
    return Scope(
        known=frozenset(known),
        loops=tuple(dict.fromkeys(loops)),
        arrays=tuple(dict.fromkeys([*arguments, *unpacked])),
        strides=tuple(name for name in known if re.fullmatch(r"(self\.)?_?(s|sh|sw|sy|sx|\w*strid\w*)", name)),
        paddings=tuple(name for name in known if re.fullmatch(r"(self\.)?_?(p|ph|pw|\w*pad(ding)?(_[hw])?)", name)),
        values=frozenset(assigned | given | members) - {"self", "ctx", "cls"},
        indices=_indices(nodes, frozenset(known)),
    )


def _indices(nodes: Iterable[ast.AST], known: frozenset[str]) -> dict[str, frozenset[str]]:
    """Each sum in a subscript, and the same with one of its names for that of the other axis."""
    inside = [part for node in nodes if isinstance(node, ast.Subscript) for part in ast.walk(node.slice)]
    found: dict[str, frozenset[str]] = {}
    for part in inside:
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub):
            text, names = ast.unparse(part), names_within(part)
            found[text] = frozenset(names)
            for name in names:
                for other in twins(name, known):
                    found.setdefault(re.sub(rf"\b{name}\b", other, text), frozenset(names - {name} | {other}))
    return found


def is_self(node: ast.AST) -> bool:
    """What holds the state: `self`, or a Function's `ctx`."""
    return isinstance(node, ast.Name) and node.id in ("self", "ctx", "cls")


def _bound(target: ast.AST) -> list[str]:
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def _unpacked(node: ast.Assign) -> list[str]:
    """What comes out of a cache; sizes come out of a shape."""
    if getattr(node.value, "attr", "") == "shape" or not isinstance(node.value, ast.Name | ast.Attribute):
        return []
    names = [name for target in node.targets if isinstance(target, ast.Tuple) for name in _bound(target)]
    return [name for name in names if not _SETTING.match(name)]


def behind(node: ast.AST, left: ast.AST) -> Mark:
    """From behind the left operand to the end of the node."""
    return (
        getattr(left, "end_lineno", 0),
        getattr(left, "end_col_offset", 0),
        getattr(node, "end_lineno", 0),
        getattr(node, "end_col_offset", 0),
    )


def before(node: ast.AST, right: ast.AST) -> Mark:
    """From the beginning to the right operand."""
    return (*_start(node), *_start(right))


def _start(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def span(node: ast.AST) -> Mark:
    """All of it."""
    return (*_start(node), getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0))
