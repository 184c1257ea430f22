"""What people do to an array by mistake: add it up over an axis, take its first row for all, drop its tail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import torch

Detail: TypeAlias = "tuple[str | int | float | bool, ...]"
"""A transform by its name, and its axis or size."""

# Sizes in which kernels work; the rest past the last whole block is what gets lost.
BLOCKS = (2, 4, 8, 16, 32, 64, 128)
# Which of them are tried on what the forward kept, too: the others would be mistakes of the forward.
OF_SAVED = frozenset({"transposed", "lower triangle", "upper triangle", "squared"})
# Which are plain things to do to G.
PLAIN = frozenset({"first of", "mean over all"})
# Which are tried on a message times its value.
OF_WEIGHED = frozenset({"sum over", "sum over all", "mean over", "mean over all"})


def details(array: torch.Tensor) -> Iterator[Detail]:
    """The transforms that have a meaning for an array of this shape."""
    long = [axis for axis, length in enumerate(array.shape) if length > 1]
    yield ("squared",)
    for axis in long:
        yield from ((name, axis) for name in ("sum over", "mean over", "first of", "last only", "first only"))
        yield from (
            ("tail", axis, block) for block in BLOCKS if block < array.shape[axis] and array.shape[axis] % block
        )
    if len(long) > 1:
        yield from (("sum over all",), ("mean over all",))
    if array.dim() > 1 and array.shape[-1] > 1 and array.shape[-2] > 1:
        yield ("transposed",)
        yield from (("lower triangle",), ("upper triangle",))


def transformed(array: torch.Tensor, detail: Detail) -> torch.Tensor | None:
    """The array after a transform; None where it has no meaning."""
    name, *rest = detail
    numbers = [int(number) for number in rest]
    if numbers and numbers[0] >= array.dim():
        return None
    if numbers:
        return _along(array, str(name), numbers)
    match name:
        case "sum over all":
            return array.sum().expand_as(array)
        case "mean over all":
            return array.mean().expand_as(array)
        case "squared":
            return array * array
        case "not conjugated":
            return array.conj().resolve_conj()
        case "turned round":
            return array.logical_not()
        case "transposed":
            return array.transpose(-1, -2).reshape(array.shape)
        case "lower triangle":
            return array.tril()
        case "upper triangle":
            return array.triu()
    raise ValueError(name)


def _along(array: torch.Tensor, name: str, numbers: list[int]) -> torch.Tensor | None:
    axis = numbers[0]
    length = array.shape[axis]
    match name:
        case "sum over":
            return array.sum(axis, keepdim=True).expand_as(array)
        case "mean over":
            return array.mean(axis, keepdim=True).expand_as(array)
        case "first of":
            return array.narrow(axis, 0, 1).expand_as(array)
        case "last only":
            return _kept(array, axis, length - 1, length)
        case "first only":
            return _kept(array, axis, 0, 1)
        case "tail":
            return _kept(array, axis, 0, length // numbers[1] * numbers[1])
    raise ValueError(name)


def _kept(array: torch.Tensor, axis: int, start: int, stop: int) -> torch.Tensor:
    """Zeros but from `start` to `stop`."""
    found = torch.zeros_like(array)
    found.narrow(axis, start, stop - start).copy_(array.narrow(axis, start, stop - start))
    return found


def summed_to(array: torch.Tensor, shape: torch.Size) -> torch.Tensor | None:
    """The array added up over the axes along which `shape` was spread; None where it was not."""
    try:
        # numpy's, as torch's loads SymPy.
        if np.broadcast_shapes(tuple(array.shape), tuple(shape)) != tuple(array.shape):
            return None
    except ValueError:
        return None
    return array.sum_to_size(shape)
