"""Layers that work in their caller's array: `tanh_fwd(buf)` leaves its output in buf.

`tanh_bwd(dbuf, saved)` finds dE/dO in dbuf and leaves the gradient there. What the one keeps for the other may be that
very array, so nothing is copied on the way. A backward that returns its gradient has no business in what it is handed.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelling import belongs_to, is_upstream

_FORWARD = "it works in {}: what that holds afterwards is its output"
_BACKWARD = "it finds dE/dO in {} and leaves the gradient there"


def working_in_place(fore: PlainFunction, back: PlainFunction) -> tuple[PlainFunction, PlainFunction] | None:
    """Both as functions that return what they leave; None where the backward is handed a G beside what it fills."""
    if returned_names(back.node):
        return None
    owners = [item.name for item in fore.parameters()]
    names = [item.name for item in back.parameters()]
    changed = [name for name in _changed(back.node) if name in names]
    found = [(name, owner) for name in changed if (owner := belongs_to(name, owners)) not in ("", name)]
    others = [name for name in names if name not in changed]
    if len(changed) != 1 or len(found) != 1 or any(is_upstream(name) and name not in owners for name in others):
        return None
    ((grad, argument),) = found
    left = PlainFunction(_LeftIn(back.call, grad, argument), None, back.name, back.source, _BACKWARD.format(grad))
    if argument not in _changed(fore.node):
        return fore, left
    kept = [name if name != argument else "" for name in returned_names(fore.node)]
    text = ", ".join([argument, *(name or "0" for name in kept)])
    node = syntax.parse(f"def {fore.name}():\n    return {text}").body[0]
    call = _Overwriting(fore.call, argument, bool(kept))
    return PlainFunction(call, node, fore.name, fore.source, _FORWARD.format(argument)), left


def overwritten(call: Callable[..., Any]) -> tuple[str, ...]:
    """The arguments that a forward is meant to write into."""
    return (call.argument,) if isinstance(call, _Overwriting) else ()


def _changed(node: ast.AST | None) -> list[str]:
    """The parameters whose own numbers a function makes others of: `d *= y`, `d[y < 0] = 0`, `np.tanh(x, out=x)`.

    None of what it adds to, or fills with other numbers alone: that is a buffer for a result.
    """
    if not isinstance(node, ast.FunctionDef):
        return []
    names = [item.arg for item in node.args.args]
    moved = dict.fromkeys(name for name, is_moved in _writes(node) if is_moved and name in names)
    filled = {name for name, is_moved in _writes(node) if not is_moved}
    return [name for name in moved if name not in filled]


def _writes(node: ast.AST) -> Iterator[tuple[str, bool]]:
    """Each name that is written into, and whether with what is made of its own numbers."""
    for each in ast.walk(node):
        if isinstance(each, ast.AugAssign):
            yield _base(each.target), isinstance(each.op, ast.Mult | ast.Div)
        elif isinstance(each, ast.Assign):
            for target in each.targets:
                if isinstance(target, ast.Subscript):
                    name = _base(target)
                    is_cleared = isinstance(each.value, ast.Constant) and not _is_all(target.slice)
                    yield name, is_cleared or name in syntax.names_within(each.value)
        elif isinstance(each, ast.Call):
            for keyword in each.keywords:
                if keyword.arg == "out":
                    name = _base(keyword.value)
                    yield name, any(name in syntax.names_within(arg) for arg in each.args)


def _is_all(index: ast.expr) -> bool:
    """`d[...]`, `d[:]`: nothing of what it held is left."""
    return isinstance(index, ast.Slice) or (isinstance(index, ast.Constant) and index.value is Ellipsis)


def _base(node: ast.AST) -> str:
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True)
class _Overwriting:
    """A forward that returns the array in which it worked, that very one, and what it returns itself behind it."""

    call: Callable[..., Any]
    argument: str
    has_kept: bool

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.call)

    def __call__(self, **given: Any) -> Any:
        kept = call_by_name(self.call, given)
        if not self.has_kept:
            return given[self.argument]
        return (given[self.argument], *(kept if isinstance(kept, tuple) else (kept,)))


@dataclass(frozen=True)
class _LeftIn:
    """A backward that returns what it leaves in the array in which it was handed dE/dO."""

    call: Callable[..., Any]
    grad: str
    argument: str

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.call)

    def __call__(self, **given: Any) -> Any:
        handed = {**given, self.grad: given[self.grad].copy()}
        call_by_name(self.call, handed)
        return {self.argument: handed[self.grad]}
