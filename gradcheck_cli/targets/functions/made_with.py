"""Objects that are made with their argument: `sigmoid(x).function()` beside `sigmoid(x).derivative()`.

Their two methods take nothing, and read what the constructor has kept: two functions of what that takes.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.methods import parameters_of_method
from gradcheck_cli.targets.functions.plain import PlainFunction, parameters_of


def are_made_with(owner: type, fore: str, back: str) -> bool:
    """Do both methods take nothing, where the constructor takes something?"""
    are_bare = not any(parameters_of_method(owner, name) for name in (fore, back))
    return are_bare and any(not item.has_default for item in parameters_of(owner))


def made_with(owner: type, method: ast.AST | None, name: str, source: str) -> PlainFunction:
    """A method as a function of what its object is made with.

    Args:
        method: its definition.
        source: its text, and that of what it uses.
    """
    return PlainFunction(OfNewObject(owner, name), _as_function(method, owner), name, source)


@dataclass(frozen=True)
class OfNewObject:
    """A method, called on an object that is made for each call."""

    owner: type
    name: str

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.owner)

    def __call__(self, **given: Any) -> Any:
        """What the method gives."""
        return getattr(self.owner(**given), self.name)()


def _as_function(method: ast.AST | None, owner: type) -> ast.AST | None:
    """The definition with `x` for `self.x`, and the constructor's parameters."""
    if not isinstance(method, ast.FunctionDef):
        return method
    found = syntax.without_owner(method, method.args.args[0].arg if method.args.args else "")
    names = [ast.arg(item.name) for item in parameters_of(owner)]
    found.args = ast.arguments([], names, None, [], [], None, [])
    return ast.fix_missing_locations(found)
