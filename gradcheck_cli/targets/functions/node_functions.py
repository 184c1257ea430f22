"""Functions that are called with nodes: `Square()(Variable(x))`, where `__call__` unpacks and keeps them.

A backward that reads `self.inputs[0].data` finds it where the function was called, not where its `forward` was.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.form import as_array, outputs_of
from gradcheck_cli.targets.functions.methods import Methods

# Where a node has its array.
_DATA = ("data", "value", "val", "array")


@dataclass(frozen=True)
class NodeMethods(Methods):
    """A forward that is called through `__call__`, with nodes.

    Attributes:
        node: their class.
        data: where it has its array.
        grads_are_nodes: the walk of its graph hands on nodes, as one that can be differentiated twice.
    """

    node: Any = None
    data: str = "data"
    grads_are_nodes: bool = False

    def called(self, instance: Any, given: Mapping[str, Any]) -> tuple[tuple[Array, ...], Any]:
        """The arrays of the nodes that a call gives, and the call's nodes, which somebody has to hold.

        Raises:
            Exception: whatever the forward raises.
        """
        nodes = [self.node(value) for value in given.values()]
        result = instance(*nodes)
        parts = list(result) if isinstance(result, tuple | list) else [result]
        return outputs_of([self._array(part) for part in parts]), (nodes, parts)

    def call_backward(self, instance: Any, given: Mapping[str, Any], grads: Sequence[Array], kept: Any) -> Any:
        """With what the walk hands on, arrays or nodes; with the other where it does not take that.

        Raises:
            Exception: what it raises on the first, where it raises on the other too.
        """
        del given, kept
        nodes = [self.node(each) for each in grads]
        first, other = (nodes, grads) if self.grads_are_nodes else (grads, nodes)
        try:
            found = getattr(instance, self.back)(*first)
        except (TypeError, AttributeError) as error:
            try:
                found = getattr(instance, self.back)(*other)
            except Exception:
                raise error from None
        return tuple(map(self._array, found)) if isinstance(found, tuple | list) else self._array(found)

    def _array(self, part: Any) -> Any:
        return part if as_array(part) is not None else getattr(part, self.data, part)


def node_methods(owner: Any, fore: str, back: str, module: Mapping[str, Any]) -> NodeMethods | None:
    """How a class is called with nodes of a class of its file; None where it is not.

    Args:
        fore, back: its forward and its backward.
        module: what the names of its file mean.
    """
    call = inspect.getattr_static(owner, "__call__", None)
    named = _named(getattr(call, "__code__", None))
    if fore == "__call__" or fore not in named:
        return None
    for kind in module.values():
        if isinstance(kind, type) and kind.__module__ == owner.__module__ and not issubclass(kind, owner):
            data = next((name for name in _DATA if name in named and name in _stored(kind)), "")
            if data:
                return NodeMethods(owner, fore, back, node=kind, data=data, grads_are_nodes=_walks_on_nodes(kind))
    return None


def _walks_on_nodes(kind: type) -> bool:
    """Does a method of a node make a node for a gradient, as `self.grad = Variable(ones_like(self.data))`?"""
    codes = (getattr(method, "__code__", None) for method in vars(kind).values())
    return any({kind.__name__, "grad"} <= _named(code) and "ones_like" in _named(code) for code in codes)


def _named(code: Any) -> set[str]:
    """What the code of a function mentions by name, also in its comprehensions."""
    if code is None:
        return set()
    inner = (const for const in code.co_consts if hasattr(const, "co_names"))
    return {*code.co_names, *(name for each in inner for name in _named(each))}


def _stored(kind: type) -> Sequence[str]:
    """What the constructor of a class mentions by name: `self.data = data`."""
    code = getattr(inspect.getattr_static(kind, "__init__"), "__code__", None)
    return () if code is None or code.co_argcount < 2 else code.co_names
