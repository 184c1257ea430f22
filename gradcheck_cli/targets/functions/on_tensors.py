"""Plain functions of torch: they are handed tensors that share their memory with the arrays of a sample."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcheck_cli.targets.functions.pair import PlainFunction

# The name, or a method that tensors have and arrays of numpy have not.
_OF_TORCH = re.compile(r"torch|Tensor|\.(?:mm|bmm|clone|unsqueeze|permute|clamp)\(|\.t\(\)")


def on_tensors(function: PlainFunction) -> PlainFunction:
    """The same, handed tensors in the place of arrays; what it returns is read as it is."""
    return PlainFunction(_with_tensors(function.call), function.node, function.name, function.source)


def is_of_torch(function: PlainFunction) -> bool:
    """Does its text speak of torch: in an annotation, or in what it calls? Then it is tried with tensors first."""
    return bool(_OF_TORCH.search(function.source))


def _with_tensors(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def called(*args: Any, **kwargs: Any) -> Any:
        return call(*(_shared(value) for value in args), **{name: _shared(value) for name, value in kwargs.items()})

    return called


def _shared(value: Any) -> Any:
    """A tensor over the same numbers, so that what is written into it is seen."""
    import torch  # it is there already: the user's file imported it

    if isinstance(value, np.ndarray):
        return torch.from_numpy(value) if value.flags.writeable else torch.from_numpy(value.copy())
    if isinstance(value, Mapping):
        return {key: _shared(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(_shared(inner) for inner in value)
    return value
