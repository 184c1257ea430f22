"""The `ctx` of a forward and a backward that are static and not torch's: the file's own class, or a stand-in."""

from __future__ import annotations

import inspect
from typing import Any

from gradcheck_cli.targets.conventions.context import StandInContext
from gradcheck_cli.targets.functions.spelling import word_set

# As in minitorch's and tinygrad's Functions, and in what was made of torch's.
_NAMES = word_set("ctx context c self_ctx cache")
# What tells a context among the classes of a file.
_SAVES = "save_for_backward"


def context_name(owner: Any, fore: str, back: str) -> str:
    """What a static forward calls the context that its backward is handed too; "" where it has none."""
    first = [_first(owner, name) for name in (fore, back)]
    return first[0] if first[0] == first[1] and first[0] in _NAMES else ""


def _first(owner: Any, name: str) -> str:
    held = inspect.getattr_static(owner, name)
    if not isinstance(held, staticmethod | classmethod):
        return ""
    names = list(inspect.signature(getattr(owner, name)).parameters)
    return names[0] if names else ""


def new_context(owner: Any, fore: str) -> Any:
    """A context of the class that the file has for it, else one that keeps whatever it is given."""
    scope = getattr(getattr(owner, fore), "__globals__", {})
    for kind in scope.values():
        if isinstance(kind, type) and kind.__module__ == owner.__module__ and hasattr(kind, _SAVES):
            try:
                return kind()
            except TypeError:  # a Function that is its own context, made of its tensors
                continue
    return StandInContext()
