"""Functions written in torch's operations, called with numpy arrays: these become tensors on the way in."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcheck_cli.model import Array

_OF_NUMPY = re.compile(r"\b(?:np|numpy)\.")
# Of a function's text and of what it calls: `torch.exp(x)`, `x: torch.Tensor`.
_OF_TORCH = re.compile(r"\btorch\.|\bTensor\b")
# Methods that tensors have and arrays of numpy have not.
_METHODS = re.compile(r"\.(?:mm|bmm|t|clone|unsqueeze|permute|clamp|expand|size|sigmoid|tanh|relu|exp|log)\(")


def is_of_torch(source: str) -> bool:
    """Does a function's text speak of torch, or call what only tensors have?"""
    return bool(_OF_TORCH.search(source) or _METHODS.search(source)) and not _OF_NUMPY.search(source)


def on_tensors(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same function; each array that it is handed is a tensor that shares its memory, so that writing shows."""

    @functools.wraps(call)
    def called(*args: Any, **named: Any) -> Any:
        return call(*map(_tensor, args), **{name: _tensor(value) for name, value in named.items()})

    return called


def _tensor(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _shared(value)
    if isinstance(value, Mapping):
        return {key: _tensor(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(_tensor(inner) for inner in value)
    return value


def _shared(array: Array) -> Any:
    import torch  # the user's file imported it

    return torch.from_numpy(array if array.flags.writeable and min(array.strides, default=0) >= 0 else array.copy())
