"""An `async def` where a forward or a backward is expected: its call computes nothing, so it is refused unasked."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from gradcheck_cli.targets.functions.methods import BACKWARDS, FORWARDS
from gradcheck_cli.targets.functions.pairs import defined_of, pairs_among
from gradcheck_cli.targets.load import Loaded
from gradcheck_cli.targets.resolve import CALL
from gradcheck_cli.targets.stopped import LoadError


def refuse_coroutines(loaded: Loaded, name: str) -> Loaded:
    """The target, unless it would need an event loop, which it is not called in.

    Args:
        loaded: the target; a file that says itself how it is called may well await.
        name: of the function or class in its file.

    Raises:
        LoadError: it, one of its methods, or the forward that belongs to it, is an `async def`.
    """
    namespace = vars(loaded.module)
    for called, function in _called(loaded.target, name, namespace) if CALL not in namespace else ():
        function = inspect.unwrap(function)
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise LoadError(
                f"{called} is an `async def`: a call of it gives a coroutine, and no numbers.",
                hint='write a plain `def`, or say how it is called: --call "asyncio.run(...)"',
                line=function.__code__.co_firstlineno,
            )
    return loaded


def _called(target: Any, name: str, namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(target, type):
        methods = (each for each in (*FORWARDS, *BACKWARDS) if callable(getattr(target, each, None)))
        yield from ((f"{name}.{each}", getattr(target, each)) for each in methods)
        return
    if callable(target):
        yield name, target
    functions = {each: value for each, value in namespace.items() if inspect.isfunction(value)}
    forward = pairs_among({each: defined_of(value) for each, value in functions.items()}).get(name, "")
    if forward:
        yield forward, namespace[forward]
