"""What the classes of a user's file are to torch, by their bases: nothing of torch is loaded to see it."""

from __future__ import annotations

from typing import Any


def is_autograd_function(target: Any) -> bool:
    """Is it a class below torch.autograd.Function?"""
    return isinstance(target, type) and any(
        kind.__module__.startswith("torch.autograd") and kind.__name__ == "Function" for kind in target.__mro__
    )


def has_setup_context(owner: type) -> bool:
    """Does a Function keep what its backward needs in `setup_context`, so that its forward is handed no context?"""
    return any("setup_context" in vars(kind) for kind in owner.__mro__ if not kind.__module__.startswith("torch"))


def is_module(target: Any) -> bool:
    """Is it a class below torch.nn.Module, or an object of one?"""
    kind = target if isinstance(target, type) else type(target)
    return any(base.__module__ == "torch.nn.modules.module" and base.__name__ == "Module" for base in kind.__mro__)
