"""Objects that keep what they are made with and change nothing: `Bonds(pairs).energy(xyz)` beside `gradient(xyz)`.

Their two methods are functions of what both take, and of what the constructor takes: lists of indices, data, lengths.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from gradcheck_cli.model import Array, syntax
from gradcheck_cli.targets.functions.by_use import stores_attributes
from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.inputs.parameters import sizes_arrays
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.functions.making import data_axes
from gradcheck_cli.targets.functions.methods import parameters_of_method
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name, parameters_of
from gradcheck_cli.targets.functions.reading import texts_of
from gradcheck_cli.targets.functions.spelling import belongs_to

# Beside one of these what is called as labels are has a number for each row.
_TABLES = frozenset(("X", "X_train"))
MethodByName = Callable[[str], ast.AST | None]


@dataclass(frozen=True)
class KeptPair(PairForm):
    """Two methods as functions of new objects. `kept`: what the constructor takes, of which no gradient is owed."""

    kept: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """How it is called."""
        return f"{super().why}; each on a new object that is made with ({', '.join(self.kept)})"

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """All of them; the constructor's are data unless the backward gives their gradients by name."""
        return tuple(self._as_kept(item) if item.name in self.kept else item for item in super().parameters)

    def _judged(self, arguments: dict[str, Array]) -> dict[str, Array]:
        """None of what the constructor keeps, unless it is called so."""
        data = {item.name for item in self.parameters if item.is_data}
        return {name: array for name, array in arguments.items() if name not in data}

    def _as_kept(self, item: Parameter) -> Parameter:
        axes = data_axes(item.name) if _TABLES & set(self.kept) else ()
        known = Proposal("real", axes[0], is_owed=False) if axes and not item.has_default else item.known
        return replace(item, is_data=not item.is_returned, known=known)


def kept_pair(owner: type, fore: str, back: str, definition: MethodByName, words: str) -> KeptPair | None:
    """The pair, where the constructor only keeps its arguments and both methods take the same; None elsewhere.

    Args:
        definition: of a method by its name.
        words: the text of the class, for its comments.
    """
    kept = tuple(item.name for item in parameters_of(owner))
    needed = [item.name for item in parameters_of(owner) if not item.has_default]
    given = [item.name for item in parameters_of_method(owner, fore)]
    again = [item.name for item in parameters_of_method(owner, back)]
    wanted = [item.name for item in parameters_of_method(owner, fore) if not item.has_default]
    are_same = bool(wanted) and set(wanted) <= set(again) <= set(given)
    codes = [getattr(getattr(owner, name), "__code__", None) for name in (fore, back)]
    are_silent = all(code is not None and not stores_attributes(code) for code in codes)
    if not needed or set(kept) & set(given) or not are_same or not are_silent:
        return None
    constructor = definition("__init__")
    if not dataclasses.is_dataclass(owner) and not set(needed) <= set(_kept_by(constructor)):
        return None
    if _holds_weights(constructor, definition(back), kept):
        return None
    written = _Written(owner, definition, words)
    fore_function, back_function = (
        PlainFunction(OfNew(owner, name), written.node(name), name, written.text(name)) for name in (fore, back)
    )
    return KeptPair(fore_function, back_function, kept=kept)


def _kept_by(constructor: ast.AST | None) -> Iterator[str]:
    """The parameters that stand in what is assigned to attributes."""
    for node in ast.walk(constructor) if constructor is not None else ():
        if isinstance(node, ast.Assign) and any(_is_attribute(target) for target in node.targets):
            yield from (inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name))


def _holds_weights(constructor: ast.AST | None, back: ast.AST | None, kept: Sequence[str]) -> bool:
    """Does it make arrays in the lengths that it is handed, or are gradients given of what it begins with by itself?"""
    if constructor is None:
        return False
    text = ast.unparse(constructor)
    begun = {node.attr for node in ast.walk(constructor) if isinstance(node, ast.Attribute)} - set(kept)
    of_these = any(belongs_to(name, sorted(begun)) not in ("", name) or name in begun for name in texts_of(back))
    return of_these or any(sizes_arrays(text, name) for name in kept)


def _is_attribute(target: ast.expr) -> bool:
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return all(isinstance(part, ast.Attribute) for part in parts)


@dataclass(frozen=True)
class OfNew:
    """A method of a new object as a function of what both are handed."""

    owner: type
    name: str

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.KEYWORD_ONLY
        kept = inspect.signature(self.owner).parameters.values()
        own = list(inspect.signature(getattr(self.owner, self.name)).parameters.values())[1:]
        return inspect.Signature([item.replace(kind=kind) for item in (*kept, *own)])

    def __call__(self, **given: Any) -> Any:
        """What the method gives."""
        kept = {item.name: given.pop(item.name) for item in parameters_of(self.owner) if item.name in given}
        return call_by_name(getattr(self.owner(**kept), self.name), given)


@dataclass(frozen=True)
class _Written:
    """The text of such functions: what the constructor does before what the method does, with `x` for `self.x`."""

    owner: type
    definition: MethodByName
    words: str

    def node(self, name: str) -> ast.FunctionDef | None:
        """One method; None where nobody knows its text."""
        method, constructor = self.definition(name), self.definition("__init__")
        if not isinstance(method, ast.FunctionDef):
            return None
        before = constructor.body if isinstance(constructor, ast.FunctionDef) else []
        found = _plain(method)
        items = [ast.arg(item.name) for item in (*parameters_of(self.owner), *parameters_of_method(self.owner, name))]
        found.args = ast.arguments([], items, None, [], [], None, [])
        owner = constructor.args.args[0].arg if isinstance(constructor, ast.FunctionDef) else ""
        found.body = [*(syntax.without_owner(each, owner) for each in before), *found.body]
        return ast.fix_missing_locations(found)

    def text(self, name: str) -> str:
        """A method, those that it calls, and what the class says of anything in its comments."""
        found, waiting = dict[str, str](), [name]
        while waiting:
            method = self.definition(waiting.pop())
            if not isinstance(method, ast.FunctionDef) or method.name in found:
                continue
            own = self.node(name) if method.name == name else _plain(method)
            found[method.name] = "" if own is None else ast.unparse(own)
            waiting += [inner.attr for inner in ast.walk(method) if isinstance(inner, ast.Attribute)]
        return "\n".join([*found.values(), *_comments(self.words.splitlines())])


def _plain(method: ast.FunctionDef) -> ast.FunctionDef:
    """A method as a function: without its object."""
    own = method.args.args[0].arg if method.args.args else ""
    found = syntax.without_owner(method, own)
    found.args.args = found.args.args[1:]
    return ast.fix_missing_locations(found)


def _comments(lines: Sequence[str]) -> Iterator[str]:
    """The lines with comments, as comments."""
    yield from (f"# {line.strip()}" for line in lines if "#" in line)
