"""Functions of the user's file with their definitions: the one to judge, and the forward that belongs to it."""

from __future__ import annotations

import ast
import re
from functools import partial
from typing import Any

from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.load import Loaded

FORWARD_WORDS = ("forward", "fprop", "fwd")
CONTEXT_NAMES = ("ctx", "context")
# What the names of a forward and its backward do not have in common.
DIRECTION_WORDS = frozenset(
    (
        *("forward", "forwards", "fwd", "fprop", "backward", "backwards", "back", "backprop", "bwd", "bprop", "vjp"),
        *("grad", "grads", "gradient", "gradients", "derivative", "derivatives", "deriv", "d", "pullback", "adjoint"),
        *("adj", "ad"),
    )
)


def callee_of(loaded: Loaded, owner: Any, name: str, skip: int = 0) -> Callee:
    """A function of the file (`owner` None), of a class or of an object, without its first `skip` parameters."""
    holder = loaded.module if owner is None else owner
    kind = owner if isinstance(owner, type) else type(owner)
    dotted = name if owner is None else f"{kind.__name__}.{name}"
    function = getattr(holder, name)
    return Callee(function, dotted, Source(loaded.node(dotted) or written_at(loaded, function)), skip)


def written_at(loaded: Loaded, function: Any) -> ast.AST | None:
    """The definition of a function that has another name: a lambda, a partial, an alias."""
    while isinstance(function, partial):
        function = function.func
    code = getattr(function, "__code__", None)
    if code is None or code.co_filename != loaded.module.__file__:
        return None
    for node in ast.walk(loaded.tree):
        if not isinstance(node, ast.Lambda | ast.FunctionDef):
            continue
        if code.co_firstlineno in {node.lineno, *_decorator_lines(node)}:
            return node
    return None


def _decorator_lines(node: ast.AST) -> list[int]:
    return [decorator.lineno for decorator in getattr(node, "decorator_list", [])]


def forward_beside(loaded: Loaded, owner: Any, name: str) -> Callee | None:
    """The forward that belongs to the backward, by its name."""
    holder = loaded.module if owner is None else owner
    guesses = [name.replace(back, fore) for back, fore in _SWAPS if back in name]
    guesses += [item for item in _functions(holder) if item != name and _subject(item) == _subject(name)]
    own = [item for item in dir(holder) if _is_forward(item) and callable(getattr(holder, item))]
    convolutions = [item for item in own if "conv" in item.lower()]
    for guess in [*guesses, *convolutions, *(own if len(own) == 1 else [])]:
        if guess != name and callable(getattr(holder, guess, None)):
            callee = callee_of(loaded, owner, guess)
            roles = {role for item in callee.parameters for role in callee.source.roles(item.name)[:1]}
            own_cache = "cache" in roles and callee.named("cache") not in CONTEXT_NAMES
            if len(callee.parameters) >= 2 and not own_cache and "grad_output" not in roles:
                return callee
    return None


def _functions(holder: Any) -> list[str]:
    return [item for item in dir(holder) if not item.startswith("__") and callable(getattr(holder, item))]


def _subject(name: str) -> frozenset[str]:
    """The words of a name but for those that say forward or backward: `conv2` and `conv2_vjp` are about one thing."""
    words = frozenset(_words(name)) - DIRECTION_WORDS
    return words or frozenset([name])


def others(loaded: Loaded, name: str) -> list[Callee]:
    """The other functions of the file that are handed several things and give something back: the likest name first."""
    words = set(_words(name))
    written = [node for node in loaded.tree.body if isinstance(node, ast.FunctionDef) and node.name != name]
    found = [
        callee_of(loaded, None, node.name) for node in written if callable(getattr(loaded.module, node.name, None))
    ]
    able = [one for one in found if len(one.parameters) >= 2 and not one.source.returns_nothing()]
    return sorted(able, key=lambda one: -len(words & set(_words(one.name))))


def shares_a_word(one: str, other: str) -> bool:
    """Whether two names have a word in common, `couche_avant` and `couche_arriere`."""
    return bool(set(_words(one)) & set(_words(other)))


def _words(name: str) -> list[str]:
    return [word for word in re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().split("_") if word]


_SWAPS = (
    ("backward", "forward"), ("Backward", "Forward"), ("backprop", "forwardprop"), ("backprop", "forward"),
    ("bprop", "fprop"),
    ("back", "forward"), ("bwd", "fwd"), ("_backward", ""), ("backward_", ""), ("_back", ""), ("_grad", ""),
)  # fmt: skip


def _is_forward(name: str) -> bool:
    return any(word in name.lower() for word in FORWARD_WORDS)
