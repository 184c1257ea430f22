"""The `--call` that a refusal shows: the target's own name and parameters, with what its names tell filled in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.callees import callee_of
from gradcheck_cli.targets.conventions.methods import backward_name, class_source, forward_names
from gradcheck_cli.targets.conventions.names import constructor_roles
from gradcheck_cli.targets.load import Loaded

OR_ELSE = "or gradcheck_call() in the file (gradcheck explain calling)"
WAYS_OUT = f'say how: --call "NAME(G, x, w)" --returns input,weight,bias, {OR_ELSE}'
# What stands where nothing tells the meaning: Python's own "fill this in".
UNKNOWN = "..."
# role -> how an expression says it.
WORDS: Mapping[str, str] = {
    "x": "x",
    "weight": "w",
    "bias": "b",
    "grad_output": "G",
    "stride": "s",
    "padding": "p",
    "dilation": "d",
    "groups": "groups",
    "kernel_size": "k",
    "in_channels": "in_channels",
    "out_channels": "out_channels",
    "params": "{'stride': s, 'pad': p}",
    "cache": "(x, w, b)",
}


def ways_out(loaded: Loaded) -> str:
    """What to do about a target that was not recognised."""
    call = UNKNOWN
    with suppress(Exception):  # a signature that cannot be read, a class whose backward is not told
        is_class = loaded.owner is not None or isinstance(loaded.target, type)
        call = _of_class(loaded) if is_class else _of_function(loaded)
    return f'say how, for example: --call "{call}" --returns input,weight,bias, {OR_ELSE}'


def _of_function(loaded: Loaded) -> str:
    callee = callee_of(loaded, None, loaded.name)
    return f"{loaded.name}({_arguments(callee.function, callee.source.roles)})"


def _of_class(loaded: Loaded) -> str:
    """An instance, its forward and its backward, of which the last gives the gradients."""
    owner = loaded.target if isinstance(loaded.target, type) else loaded.owner
    source = class_source(owner, loaded.node)
    backward = loaded.name if loaded.owner is not None else backward_name(owner, source) or "backward"
    forward = [*forward_names(owner, source, backward), "forward"][0]
    made = f"{owner.__name__}({_arguments(owner, constructor_roles)})"
    return f"(c := {made}, c.{forward}(x), c.{backward}(G))[-1]"


def _arguments(function: Callable[..., Any], roles_of: Callable[[str], list[str]]) -> str:
    """What is needed, by its place, and by its name what has a default and a telling name."""
    said = []
    for item in binding.parameters(function):
        word = next((WORDS[role] for role in roles_of(item.name) if role in WORDS), "")
        if binding.required(item) and item.kind is not inspect.Parameter.KEYWORD_ONLY:
            said.append(word or UNKNOWN)
        elif word or binding.required(item):
            said.append(f"{item.name}={word or UNKNOWN}")
    return ", ".join(said)
