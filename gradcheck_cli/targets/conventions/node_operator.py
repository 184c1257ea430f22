"""Operators of a graph that are made of nodes: `Convolve(pictures, kernels, stride)`, evaluated without an argument.

Their backward hands the gradients on to the nodes. As a class whose forward is handed arrays and whose backward gives
gradients back, such an operator is called as any other.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.targets.conventions import binding, state
from gradcheck_cli.targets.conventions.base import to_numpy
from gradcheck_cli.targets.conventions.constructor_use import use_of
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.source import Source

BACKWARD = "backward"
ROLES = ("x", "weight", "bias")


def node_operator(owner: type, source: Source, scope: Mapping[str, Any]) -> type | None:
    """The operator as a class that is handed arrays; None of a class that is made of no nodes.

    Args:
        source: of the class.
        scope: names of the user's module.
    """
    if not callable(getattr(owner, BACKWARD, None)):
        return None
    parameters = binding.parameters(owner)
    nodes = [item for item in parameters if binding.required(item) and BACKWARD in use_of(source, item.name).methods]
    kind = _kind(owner, nodes, scope)
    forward = _forward(owner, source, nodes) if len(nodes) > 1 and kind is not None else ""
    if kind is None or not forward or len(nodes) > len(ROLES):
        return None
    return _called_with_arrays(owner, kind, forward, _roles(nodes), [item for item in parameters if item not in nodes])


def _kind(owner: type, nodes: Sequence[inspect.Parameter], scope: Mapping[str, Any]) -> type | None:
    """The class of a node that holds an array: what the parameters are said to be, or what the operator is, too."""
    said = [scope.get(item.annotation) if isinstance(item.annotation, str) else item.annotation for item in nodes]
    bases = [kind for kind in owner.__mro__[1:] if kind.__module__ == owner.__module__]
    others = [kind for kind in scope.values() if isinstance(kind, type) and kind.__module__ == owner.__module__]
    for kind in (*said, *bases, *others):
        if isinstance(kind, type) and kind not in (owner, inspect.Parameter.empty) and _holds_an_array(kind):
            return kind
    return None


def _holds_an_array(kind: type) -> bool:
    """Whether it has a backward and is made of an array, which it keeps."""
    probe = np.full((2, 3), 2.5)
    try:
        made = kind(probe)
    except Exception:
        return False
    kept = any(np.array_equal(place.array, probe) for place in state.held(made))
    return kept and callable(getattr(made, BACKWARD, None))


def _forward(owner: type, source: Source, nodes: Sequence[inspect.Parameter]) -> str:
    """The method that evaluates it: its own, without an argument, which its nodes have too."""
    asked = [getter for item in nodes for getter in use_of(source, item.name).getters]
    written = {name for kind in owner.__mro__ if kind is not object for name in vars(kind)}
    own = [name for name in ("forward", *asked, "__call__") if name in written]
    return next((name for name in own if not _wanted(owner, name)), "")


def _wanted(owner: type, name: str) -> list[inspect.Parameter]:
    return [item for item in binding.parameters(getattr(owner, name), 1) if binding.required(item)]


def _roles(nodes: Sequence[inspect.Parameter]) -> dict[str, str]:
    """parameter -> role: what is called so is a weight or a bias, the others in the order in which they stand."""
    roles: dict[str, str] = {}
    due = ROLES[: len(nodes)]
    for item in nodes:
        named = [role for role in function_roles(item.name)[:1] if role in due and role not in roles.values()]
        roles |= {item.name: named[0]} if named else {}
    free = [role for role in due if role not in roles.values()]
    return {item.name: roles.get(item.name) or free.pop(0) for item in nodes}


def _called_with_arrays(
    owner: type, kind: type, forward: str, roles: Mapping[str, str], settings: Sequence[inspect.Parameter]
) -> type:
    """A class with the settings in its constructor, the arrays in its forward and the gradients behind its backward."""
    names = {role: name for name, role in roles.items()}

    class Operator:
        __signature__ = inspect.Signature(list(settings))

        def __init__(self, **values: Any) -> None:
            self._settings, self._operator = values, None
            self._nodes: dict[str, Any] = {}
            self._arrays: Mapping[str, Any] = {}

        def _evaluated(self, arrays: Mapping[str, Any]) -> Any:
            self._arrays, self._nodes = arrays, {name: kind(arrays[role]) for name, role in roles.items()}
            self._operator = owner(**self._nodes, **self._settings)
            output = getattr(self._operator, forward)()
            return output if to_numpy(output) is not None else _value(self._operator, arrays)

        def backward(self, grad_output: Any) -> tuple[Any, ...]:
            getattr(self._operator, BACKWARD)(grad_output)
            due = [role for role in ROLES if role in names]
            return tuple(_gradient(self._nodes[names[role]], self._arrays[role]) for role in due)

    def with_weight(self: Any, x: Any, weight: Any) -> Any:
        return self._evaluated({"x": x, "weight": weight})

    def with_bias(self: Any, x: Any, weight: Any, bias: Any) -> Any:
        return self._evaluated({"x": x, "weight": weight, "bias": bias})

    Operator.forward = with_bias if "bias" in names else with_weight  # type: ignore[attr-defined]
    Operator.__name__, Operator.__qualname__, Operator.__module__ = owner.__name__, owner.__qualname__, owner.__module__
    return Operator


def _value(operator: Any, arrays: Mapping[str, Any]) -> Any:
    """What an operator keeps whose evaluation gives nothing: an array that is none of those it was handed."""
    known = [id(array) for array in arrays.values()]
    kept = [place for place in state.held(operator) if len(place.path) == 1 and not state.is_gradient(place)]
    return next((place.array for place in kept if id(place.array) not in known), None)


def _gradient(node: Any, handed: Any) -> Any:
    """The gradient that a node was handed: what it keeps by such a name in the shape of its array; or None."""
    shape = getattr(to_numpy(handed), "shape", ())
    kept = [place for place in state.held(node) if place.array.shape == shape]
    called = [place for place in kept if place.words[-1].strip("_") in state.GRADIENT_WORDS or state.is_gradient(place)]
    return min(called, key=lambda place: len(place.path)).array if called else None
