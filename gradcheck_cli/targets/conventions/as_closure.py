"""Functions that say their backward in a way of their own, in the form of one that returns (output, backward).

An operation on a type of the user's own, a generator that is resumed with G, a function that goes forward or backward
by whether it is handed G, an operation that a tape records: each is called as its author would call it.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.backprop import Backprop, Made
from gradcheck_cli.targets.conventions.base import to_numpy
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.callees import callee_of
from gradcheck_cli.targets.conventions.methods import BACKWARD_NAMES, class_source, squeezed
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.own_types import Leaf, own_types
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.load import Loaded

Opened = Callable[..., tuple[Any, Callable[[Any], Any]]]


def as_closures(loaded: Loaded, callee: Callee) -> Iterator[Callee]:
    """The function as forwards that return their own backward; nothing for one that is told its G like any other."""
    if inspect.isgeneratorfunction(callee.function):
        yield _resumed(callee)
        return
    switch = _switch(callee)
    if switch:
        yield _two_in_one(callee, switch)
    if switch or _is_handed_upstream(callee):
        return
    for engine in engines(loaded, callee.source):
        yield _operation(callee, engine)
    for tape in _tapes(loaded):
        yield _taped(callee, *tape)


def method_as_closures(loaded: Loaded, owner: type, name: str) -> Iterator[Callee]:
    """The same for a method of a type of the user's own, `x.conv2d(w, b)`."""
    callee = callee_of(loaded, owner, name)
    static = isinstance(inspect.getattr_static(owner, name), staticmethod | classmethod)
    for engine in engines(loaded, callee.source):
        if issubclass(owner, engine.own.kind) or issubclass(engine.own.kind, owner):
            yield _operation(callee, engine, first="" if static else "x")


def engines(loaded: Loaded, source: Source) -> Iterator[Backprop]:
    """How G is handed to outputs of the types of the file that remember how they were made.

    Args:
        source: the target's definition.
    """
    start, end = getattr(source.node, "lineno", 0), getattr(source.node, "end_lineno", 0) or 0
    for own in own_types(vars(loaded.module)):
        whole = class_source(own.kind, loaded.node)
        engine = Backprop(own, vars(loaded.module), whole.method, range(start, end + 1))
        if engine.exists:
            yield engine


def _is_handed_upstream(callee: Callee) -> bool:
    return any(callee.source.roles(item.name)[:1] == ["grad_output"] for item in callee.parameters)


def _like(callee: Callee, forward: Opened, parameters: Sequence[inspect.Parameter]) -> Callee:
    """A callee with the definition of another and these parameters."""
    forward.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in parameters]
    )
    return Callee(forward, callee.name, callee.source)


def _operation(callee: Callee, engine: Backprop, first: str = "") -> Callee:
    """An operation on values of a type: its arrays become leaves, whose gradients are read when G has gone back.

    Args:
        first: what its first parameter, `self`, is called.
    """
    names = {item.name: item.name for item in callee.parameters}
    played = [callee.source.roles(item.name)[:1] for item in callee.parameters]
    if ["weight"] not in played and ["bias"] in played:  # `conv(a, b)`
        names[callee.parameters[played.index(["bias"])].name] = "w"
    if first and callee.parameters:
        names = {**names, callee.parameters[0].name: first}

    def make(arguments: Mapping[str, Any]) -> Made:
        leaves = {name: Leaf.of(engine.own, value) for name, value in arguments.items() if _is_array(value)}
        given = {name: leaves[name].value if name in leaves else value for name, value in arguments.items()}
        output = callee.function(**{mine: given[theirs] for mine, theirs in names.items() if theirs in given})
        if not isinstance(output, engine.own.kind):
            raise TypeError(f"{callee.name} gives no {engine.own.kind.__name__}")
        return Made(output, tuple(leaves.values()))

    def forward(**arguments: Any) -> tuple[Any, Callable[[Any], Any]]:
        made = make(arguments)

        def backward(grad_output: Any) -> dict[str, Any]:
            after = engine.run(made, grad_output, lambda: make(arguments))
            arrays = [name for name, value in arguments.items() if _is_array(value)]
            return {f"grad_{name}": leaf.gradient() for name, leaf in zip(arrays, after.leaves, strict=True)}

        return engine.own.array(made.output), backward

    return _like(callee, forward, [item.replace(name=names[item.name]) for item in callee.parameters])


def _resumed(callee: Callee) -> Callee:
    """A generator: it yields its output, is resumed with G, and gives the rest or puts it into dicts that it fills."""
    filled = [item.name for item in callee.parameters if _is_only_filled(callee.source, item.name)]

    def forward(**arguments: Any) -> tuple[Any, Callable[[Any], Any]]:
        dicts: dict[str, dict[str, Any]] = {name: {} for name in filled}
        running = callee.function(**arguments, **dicts)
        output = next(running)

        def backward(grad_output: Any) -> dict[str, Any]:
            try:
                given = running.send(grad_output)
            except StopIteration as end:
                given = end.value
            kept = {f"grad_{key}": value for one in dicts.values() for key, value in one.items()}
            return ({} if given is None else {"0": given}) | kept

        return output, backward

    return _like(callee, forward, [item for item in callee.parameters if item.name not in filled])


def _two_in_one(callee: Callee, switch: str) -> Callee:
    """A function that goes forward without G and backward with it."""

    def forward(**arguments: Any) -> tuple[Any, Callable[[Any], Any]]:
        return callee.function(**arguments), lambda grad_output: callee.function(**arguments, **{switch: grad_output})

    return _like(callee, forward, [item for item in callee.parameters if item.name != switch])


def _switch(callee: Callee) -> str:
    """The parameter for G that may be None, and by which the function chooses what it returns; "" without one."""
    able = [item.name for item in callee.parameters if item.default is None]
    able.sort(key=lambda name: "grad_output" not in callee.source.roles(name))
    branches = [node for node in callee.source.walk() if isinstance(node, ast.If) and _returns(node)]
    known = ("x", "weight", "bias", "output")  # a bias may be None too
    asked = [name for name in able if callee.source.roles(name)[:1] not in [[role] for role in known]]
    return next((name for name in asked if any(_asks_for(node.test, name) for node in branches)), "")


def _returns(branch: ast.If) -> bool:
    """Whether one side of it ends the function."""
    return any(isinstance(node, ast.Return) for side in (branch.body, branch.orelse) for node in side)


def _asks_for(test: ast.expr, name: str) -> bool:
    """`g is None`, `g is not None`, `not g`, `g`."""
    if isinstance(test, ast.BoolOp):
        return any(_asks_for(part, name) for part in test.values)
    test = test.operand if isinstance(test, ast.UnaryOp) else test
    if isinstance(test, ast.Compare) and isinstance(test.comparators[0], ast.Constant):
        test = test.left if test.comparators[0].value is None else test
    return isinstance(test, ast.Name) and test.id == name


Tape = tuple[Callable[[], Any], str]
"""What makes a tape, and its method that gives gradients."""


def _tapes(loaded: Loaded) -> Iterator[Tape]:
    """Classes of the file that are entered with `with`, are made of nothing, and can be asked for gradients."""
    known = {squeezed(name) for name in BACKWARD_NAMES}
    for kind in vars(loaded.module).values():
        own = isinstance(kind, type) and hasattr(kind, "__enter__") and kind.__module__ == loaded.module.__name__
        if own and not [item for item in binding.parameters(kind) if binding.required(item)]:
            named = [name for name in dir(kind) if squeezed(name) in known]
            yield from ((kind, name) for name in named if len(binding.parameters(getattr(kind, name), 1)) > 1)


def _taped(callee: Callee, tape: Callable[[], Any], name: str) -> Callee:
    """An operation that a tape records: the gradients are asked of it."""

    def forward(**arguments: Any) -> tuple[Any, Callable[[Any], Any]]:
        arrays = {key: value for key, value in arguments.items() if _is_array(value)}
        with tape() as recording:
            for value in arrays.values() if callable(getattr(recording, "watch", None)) else ():
                recording.watch(value)
            output = callee.function(**arguments)

        def backward(grad_output: Any) -> dict[str, Any]:
            call = getattr(recording, name)
            given = call(**_asked(binding.parameters(call), output, list(arrays.values()), grad_output))
            found = [given.get(id(value)) for value in arrays.values()] if isinstance(given, Mapping) else given
            return {f"grad_{key}": value for key, value in zip(arrays, found, strict=False)}

        return output, backward

    return _like(callee, forward, callee.parameters)


def _asked(items: Sequence[inspect.Parameter], output: Any, sources: list[Any], upstream: Any) -> dict[str, Any]:
    """The output, then what the gradients are for, and G under its name, else in the third place."""
    named = [item.name for item in items[1:] if "grad_output" in function_roles(item.name)]
    upstreams = named or [item.name for item in items[2:3]]
    others = [item.name for item in items[1:] if item.name not in upstreams]
    values: dict[str, Any] = {items[0].name: output, **dict.fromkeys(upstreams[:1], upstream)}
    return values | dict.fromkeys(others[:1], sources)


def _is_only_filled(source: Source, name: str) -> bool:
    """Whether all that is done with a parameter is `name["key"] = ...`."""
    reads = [node for node in source.walk() if isinstance(node, ast.Name) and node.id == name]
    stores = [
        node.value
        for node in source.walk()
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name)
    ]
    return bool(reads) and all(any(node is store for store in stores) for node in reads)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or (to_numpy(value) is not None and hasattr(value, "shape"))
