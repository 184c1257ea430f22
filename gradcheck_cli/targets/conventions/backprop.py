"""Hands G to an output of the user's own type and lets it go back through what it remembers.

Several ways are tried; one is taken only if G is then seen to have arrived at the output, or if a G twice as large
gives gradients twice as large: a seed of the type's own, all ones say, is not ours.
"""

from __future__ import annotations

import ast
import inspect
import traceback
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.methods import BACKWARD_NAMES, squeezed
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.own_types import Leaf, OwnType, attributes, says_gradient
from gradcheck_cli.targets.conventions.source import Source


class NotSeededError(TypeError):
    """No way to hand G to an output was found."""


@dataclass(frozen=True)
class Made:
    """An output of one forward, and the leaves from which it was made."""

    output: Any
    leaves: Sequence[Leaf]


WayHome = Callable[[Any, Array], Any]
"""Goes back from (output, G)."""


@dataclass
class Backprop:
    """How G is handed to an output of a type, once that is found.

    Attributes:
        own: the type.
        scope: names of the user's file.
        source_of: the definition of a method of the type.
        home: the lines of the file in which the target is written: an error from there is the target's.
    """

    own: OwnType
    scope: Mapping[str, Any]
    source_of: Callable[[str], Source]
    home: range
    way: WayHome | None = field(default=None, repr=False)

    @property
    def exists(self) -> bool:
        """Whether the type has a method, or the file a function, that may go back."""
        return bool(_walkers(self)) or bool(_functions(self))

    def run(self, made: Made, upstream: Array, again: Callable[[], Made]) -> Made:
        """Go back from an output, by the way that was found before, or by the first that brings G there.

        Args:
            again: a fresh forward of the same.

        Returns:
            what was gone back from, `made` or a fresh one.

        Raises:
            NotSeededError: G arrives in no way.
            Exception: what the target itself raised.
        """
        if self.way is not None:
            self.way(made.output, upstream)
            return made
        errors: list[BaseException] = []
        for number, way in enumerate(_ways(self, made)):
            made = again() if number else made
            try:
                way(made.output, upstream)
                if self._arrived(made, upstream, way, again):
                    self.way = way
                    return made
            except Exception as error:
                errors.append(error)
        raise next((error for error in errors if self._is_targets(error)), self._refusal()) from None

    def _arrived(self, made: Made, upstream: Array, way: WayHome, again: Callable[[], Made]) -> bool:
        slots = {name: self.own.array(value) for name, value in attributes(made.output).items() if says_gradient(name)}
        found = [array for array in slots.values() if array is not None and array.shape == upstream.shape]
        if any(np.array_equal(array, upstream) for array in found):
            return True
        other = again()
        way(other.output, 2 * upstream)
        pairs = [(one.gradient(), two.gradient()) for one, two in zip(made.leaves, other.leaves, strict=True)]
        known = [(one, two) for one, two in pairs if one is not None and two is not None and np.any(one)]
        # Twice G gives twice each number to the last bit: nothing else is doubled, and doubling rounds nothing.
        return bool(known) and all(np.array_equal(2 * one, two) for one, two in known)

    def _is_targets(self, error: BaseException) -> bool:
        return any(frame.lineno in self.home for frame in traceback.extract_tb(error.__traceback__) if frame.lineno)

    def _refusal(self) -> NotSeededError:
        name = self.own.kind.__name__
        return NotSeededError(f"no way was found to hand dE/dO to an output of the type {name}")


def _ways(engine: Backprop, made: Made) -> Iterator[WayHome]:
    """Handed over; put in its place; set at a node of ours behind the output; multiplied with; the last step alone."""
    for call, wants in (*_walkers(engine), *_functions(engine)):
        if wants:
            yield _handing(call, wants, lambda upstream: upstream)
            yield _handing(call, wants, engine.own.made)
    for call, _ in (*_walkers(engine), *_functions(engine)):
        yield _preset(engine, call)
    for call, _ in (*_walkers(engine), *_functions(engine)):
        yield _from_behind(engine, call)
        yield _multiplied(engine, call, total=False)
        yield _multiplied(engine, call, total=True)
    if len(_steps(engine, made.output)) == 1:
        yield _own_step(engine)


Walker = tuple[Callable[..., Any], str]
"""What goes back from its first argument, and the name of its parameter for G, "" without one."""


def _walkers(engine: Backprop) -> list[Walker]:
    """Methods of the type that go back: by their names, else by what they do."""
    kind = engine.own.kind
    public = [name for name in dir(kind) if not name.startswith("__") and callable(getattr(kind, name, None))]
    known = {squeezed(name) for name in BACKWARD_NAMES}
    named = [name for name in public if squeezed(name) in known]
    named = named or [name for name in public if _goes_back(engine.source_of(name))]
    found = [(getattr(kind, name), binding.parameters(getattr(kind, name), 1)) for name in named]
    return [(call, _wanted(items)) for call, items in found if sum(map(binding.required, items)) <= 1]


def _functions(engine: Backprop) -> list[Walker]:
    """Functions of the file with such a name that are handed an output."""
    known = {squeezed(name) for name in BACKWARD_NAMES}
    named = [value for name, value in engine.scope.items() if squeezed(name) in known]
    found = [(call, binding.parameters(call)) for call in named if isinstance(call, types.FunctionType)]
    return [(call, _wanted(items[1:])) for call, items in found if items and sum(map(binding.required, items)) <= 2]


def _wanted(items: Sequence[inspect.Parameter]) -> str:
    """The parameter that takes G: by its name, else the first that is no switch."""
    able = [item for item in items if not isinstance(item.default, bool | str)]
    named = [item for item in able if "grad_output" in function_roles(item.name)]
    return (named or able)[0].name if able else ""


def _goes_back(source: Source) -> bool:
    """Whether a method walks through something from its end: reversed(), [::-1], pop(), or by calling itself."""
    name = getattr(source.node, "name", "")
    for node in source.walk():
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called in ("reversed", "pop", "reverse") or (called == name and isinstance(node.func, ast.Attribute)):
                return True
        if isinstance(node, ast.Slice) and node.step is not None and ast.unparse(node.step) == "-1":
            return True
    return False


def _handing(call: Callable[..., Any], wants: str, wrap: Callable[[Array], Any]) -> WayHome:
    return lambda output, upstream: call(output, **{wants: wrap(np.array(upstream))})


def _preset(engine: Backprop, call: Callable[..., Any]) -> WayHome:
    """By putting it where the type looks for a gradient before it begins with ones."""

    def way(output: Any, upstream: Array) -> Any:
        _put(engine, output, np.array(upstream))
        return call(output)

    return way


def _multiplied(engine: Backprop, call: Callable[..., Any], total: bool) -> WayHome:
    """By sum(O * G), or by O * G where the type begins with ones at every entry."""

    def way(output: Any, upstream: Array) -> Any:
        product = output * engine.own.made(np.array(upstream))
        return call(product.sum() if total else product)

    return way


def _from_behind(engine: Backprop, call: Callable[..., Any]) -> WayHome:
    """By a node of ours that stands behind the output, and whose own step puts G there."""

    def way(output: Any, upstream: Array) -> Any:
        root = engine.own.made(np.zeros(()))
        for name in _containers(engine, output):
            setattr(root, name, type(getattr(output, name))([output]))
        for name, step in _steps(engine, output).items():
            setattr(root, name, _putting(engine, output, np.array(upstream), len(binding.parameters(step))))
        return call(root)

    return way


def _putting(engine: Backprop, output: Any, upstream: Array, parameters: int) -> Callable[..., Any]:
    def step(*_: Any) -> Any:
        if parameters:
            return (upstream,)
        _put(engine, output, upstream)
        return None

    return step


def _own_step(engine: Backprop) -> WayHome:
    """By the step that the output itself remembers, and no other."""

    def way(output: Any, upstream: Array) -> Any:
        _put(engine, output, np.array(upstream))
        for step in _steps(engine, output).values():
            step(*[upstream] * sum(map(binding.required, binding.parameters(step))))

    return way


def _put(engine: Backprop, output: Any, upstream: Array) -> None:
    """G into the slots of an output that are for its gradient."""
    for name, value in attributes(output).items():
        if says_gradient(name) and not callable(value):
            setattr(output, name, engine.own.made(upstream) if isinstance(value, engine.own.kind) else upstream)


def _containers(engine: Backprop, output: Any) -> list[str]:
    """Attributes in which an output remembers what it was made from."""
    found = attributes(output).items()
    return [name for name, value in found if isinstance(value, tuple | list | set) and _has_nodes(engine, value)]


def _has_nodes(engine: Backprop, values: Any) -> bool:
    return bool(values) and all(isinstance(value, engine.own.kind) for value in values)


def _steps(engine: Backprop, output: Any) -> dict[str, Any]:
    """Functions that an output remembers, and that a fresh instance does not have."""
    found = {}
    with suppress(Exception):
        fresh = attributes(engine.own.made(np.zeros(())))
        for name, value in attributes(output).items():
            if isinstance(value, types.FunctionType | types.MethodType) and value is not fresh.get(name):
                found[name] = value
    return found
